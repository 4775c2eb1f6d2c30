// gVisor's netstack as an endpoint that speaks lines (checker/stacks/drivers/lines.py).
//
// A channel for a device, and a clock that only `tick` moves, by a quarter of a second. The stack's
// goroutines run on one processor, so that all have run until nothing is left to do once this one has
// given way often enough: nothing waits in real time.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/bufferv2"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/faketime"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	device    = 1
	unit      = 250 * time.Millisecond
	yields    = 300
	herePort  = 7000
	therePort = 7001
)

var (
	here  = tcpip.Address("\x0a\x53\x00\x01")
	there = tcpip.Address("\x0a\x53\x00\x02")
)

var names = map[tcp.EndpointState]string{
	tcp.StateListen:      "LISTEN",
	tcp.StateConnecting:  "SYN-SENT",
	tcp.StateSynSent:     "SYN-SENT",
	tcp.StateSynRecv:     "SYN-RECEIVED",
	tcp.StateEstablished: "ESTABLISHED",
	tcp.StateFinWait1:    "FIN-WAIT-1",
	tcp.StateFinWait2:    "FIN-WAIT-2",
	tcp.StateClosing:     "CLOSING",
	tcp.StateTimeWait:    "TIME-WAIT",
	tcp.StateCloseWait:   "CLOSE-WAIT",
	tcp.StateLastAck:     "LAST-ACK",
}

// What the user holds, and what it is of.
type user struct {
	stack    *stack.Stack
	link     *channel.Endpoint
	clock    *faketime.ManualClock
	listener tcpip.Endpoint
	own      tcpip.Endpoint
	probed   *stack.TCPEndpointState // after the last segment of a connection
	out      *bufio.Writer
}

func check(err tcpip.Error) {
	if err != nil {
		panic(err.String())
	}
}

func newUser() *user {
	clock := faketime.NewManualClock()
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
		Clock:              clock,
	})
	u := &user{stack: s, link: channel.New(1024, 1500, ""), clock: clock, out: bufio.NewWriter(os.Stdout)}
	check(s.CreateNIC(device, u.link))
	check(s.AddProtocolAddress(device, tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: here.WithPrefix(),
	}, stack.AddressProperties{}))
	all, _ := tcpip.NewSubnet("\x00\x00\x00\x00", "\x00\x00\x00\x00")
	s.SetRouteTable([]tcpip.Route{{Destination: all, NIC: device}})
	sack := tcpip.TCPSACKEnabled(false)
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack))
	least := tcpip.TCPMinRTOOption(30 * time.Second) // none while something else is tried
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &least))
	// Challenge ACKs may be limited (RFC 5961 7); not here.
	if err := s.SetOption(stack.TCPInvalidRateLimitOption(0)); err != nil {
		panic(err.String())
	}
	s.AddTCPProbe(func(state *stack.TCPEndpointState) { u.probed = state })
	return u
}

// settle lets every goroutine run until it waits for something.
func (u *user) settle() {
	for i := 0; i < yields; i++ {
		runtime.Gosched()
	}
	for packet := u.link.Read(); !packet.IsNil(); packet = u.link.Read() {
		fmt.Fprintf(u.out, "out %s\n", hex.EncodeToString(packet.ToView().AsSlice()))
		packet.DecRef()
	}
}

func (u *user) endpoint() (tcpip.Endpoint, tcpip.Error) {
	ep, err := u.stack.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &waiter.Queue{})
	if err != nil {
		return nil, err
	}
	ep.SocketOptions().SetReuseAddress(true)
	ep.SocketOptions().SetDelayOption(false)
	return ep, ep.Bind(tcpip.FullAddress{NIC: device, Addr: here, Port: herePort})
}

func (u *user) listen() (err tcpip.Error) {
	if u.listener, err = u.endpoint(); err != nil {
		return err
	}
	return u.listener.Listen(4)
}

func (u *user) unlisten() tcpip.Error {
	if u.listener != nil {
		u.listener.Close()
	}
	u.listener = nil
	return nil
}

func (u *user) connect() (err tcpip.Error) {
	if u.own, err = u.endpoint(); err != nil {
		return err
	}
	err = u.own.Connect(tcpip.FullAddress{NIC: device, Addr: there, Port: therePort})
	if _, begun := err.(*tcpip.ErrConnectStarted); begun {
		return nil
	}
	return err
}

func (u *user) accept() tcpip.Error {
	ep, _, err := u.listener.Accept(nil)
	if err == nil {
		u.own = ep
		ep.SocketOptions().SetDelayOption(false)
	}
	return err
}

func (u *user) send() tcpip.Error {
	if u.own == nil {
		return &tcpip.ErrNotConnected{}
	}
	_, err := u.own.Write(strings.NewReader("x"), tcpip.WriteOptions{})
	return err
}

func (u *user) recv() tcpip.Error {
	if u.own != nil {
		var text bytes.Buffer
		u.own.Read(&text, tcpip.ReadOptions{})
	}
	return nil
}

func (u *user) shutdown() tcpip.Error {
	if u.own == nil {
		return &tcpip.ErrNotConnected{}
	}
	return u.own.Shutdown(tcpip.ShutdownWrite)
}

func (u *user) close() tcpip.Error {
	if u.own != nil {
		u.own.Close()
	}
	u.own = nil
	return u.unlisten()
}

func (u *user) abort() tcpip.Error {
	if u.own != nil {
		u.own.SocketOptions().SetLinger(tcpip.LingerOption{Enabled: true})
	}
	return u.close()
}

func (u *user) userTimeout() tcpip.Error {
	if u.own == nil {
		return &tcpip.ErrNotConnected{}
	}
	least := tcpip.TCPUserTimeoutOption(time.Millisecond)
	return u.own.SetSockOpt(&least)
}

// connection is the endpoint of the connection, whoever holds it, or nil.
func (u *user) connection() (tcp.EndpointState, bool) {
	for _, each := range u.stack.RegisteredEndpoints() {
		ep, ok := each.(interface {
			EndpointState() tcp.EndpointState
			Info() tcpip.EndpointInfo
		})
		if !ok {
			continue
		}
		if info, ok := ep.Info().(*stack.TransportEndpointInfo); ok && info.ID.RemotePort == therePort {
			return ep.EndpointState(), true
		}
	}
	return 0, false
}

func (u *user) state() string {
	state, there := u.connection()
	if !there && u.listener != nil {
		return "LISTEN"
	}
	if !there && u.own != nil {
		state = tcp.EndpointState(u.own.State())
	}
	if name, known := names[state]; known {
		return name
	}
	return "CLOSED"
}

func (u *user) tcb() string {
	state, there := u.connection()
	_, known := names[state]
	embryo := state == tcp.StateSynRecv || state == tcp.StateSynSent
	if !there || !known || embryo || u.probed == nil {
		return ""
	}
	return fmt.Sprintf("rcv.nxt=%d snd.una=%d", u.probed.Receiver.RcvNxt, u.probed.Sender.SndUna)
}

func (u *user) arrive(packet string) tcpip.Error {
	octets, err := hex.DecodeString(packet)
	if err != nil {
		return &tcpip.ErrMalformedHeader{}
	}
	buffer := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: bufferv2.MakeWithData(octets)})
	u.link.InjectInbound(ipv4.ProtocolNumber, buffer)
	buffer.DecRef()
	return nil
}

func (u *user) tick(count string) tcpip.Error {
	left, _ := strconv.Atoi(count)
	for ; left > 0; left-- {
		u.clock.Advance(unit)
		u.settle()
	}
	return nil
}

func main() {
	runtime.GOMAXPROCS(1)
	u := newUser()
	calls := map[string]func() tcpip.Error{
		"listen": u.listen, "unlisten": u.unlisten, "connect": u.connect, "accept": u.accept,
		"send": u.send, "recv": u.recv, "shutdown": u.shutdown, "close": u.close, "abort": u.abort,
		"user_timeout": u.userTimeout,
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		word, argument, _ := strings.Cut(in.Text(), " ")
		words := ""
		var err tcpip.Error
		switch call, known := calls[word]; {
		case known:
			err = call()
		case word == "in":
			err = u.arrive(argument)
		case word == "tick":
			err = u.tick(argument)
		case word == "state":
			words = u.state()
		case word == "tcb":
			words = u.tcb()
		default:
			panic("no such line: " + word)
		}
		u.settle()
		if err != nil {
			fmt.Fprintf(u.out, "no %s\n", err)
		} else {
			fmt.Fprintf(u.out, "ok %s\n", words)
		}
		u.out.Flush()
	}
}
