/* libslirp as an endpoint that speaks lines (checker/stacks/drivers/lines.py).
 *
 * libslirp ends a guest's connections, and carries their text to sockets of the host. So the user is
 * a socket on the loopback device of a network namespace of its own, and the peer is the guest:
 * it connects to HERE (passive), or is connected to through a forwarded port (active). Time passes by
 * `tick` alone, 250 ms each; the host's side of the loopback device answers at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <slirp/libslirp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lines.h"

enum { FORWARDED = 7002, ETHERNET = 14, STEP = 50, STEPS = 5, TURNS = 4 };

static Slirp *slirp;
static int64_t now = 1000000000; /* ns */
static int listener = -1, own = -1;
static const unsigned char guest[6] = {2, 0, 0, 0, 0, 2};

/* What libslirp calls */

static ssize_t transmit(const void *frame, size_t length, void *opaque) {
  (void)opaque;
  const unsigned char *octets = frame;
  bool ip = length > ETHERNET + 20 && octets[12] == 8 && octets[13] == 0;
  if (ip && octets[ETHERNET + 9] == IPPROTO_TCP) say_sent(octets + ETHERNET, length - ETHERNET);
  return (ssize_t)length;
}

static void complain(const char *message, void *opaque) {
  (void)opaque;
  fprintf(stderr, "%s\n", message);
}

static int64_t clock_ns(void *opaque) {
  (void)opaque;
  return now;
}

/* Timers are for IPv6's router advertisements alone. */
static void *new_timer(SlirpTimerCb callback, void *argument, void *opaque) {
  (void)callback;
  (void)argument;
  (void)opaque;
  return &now;
}
static void free_timer(void *timer, void *opaque) {
  (void)timer;
  (void)opaque;
}
static void set_timer(void *timer, int64_t expires, void *opaque) {
  (void)timer;
  (void)expires;
  (void)opaque;
}
static void heed(int descriptor, void *opaque) {
  (void)descriptor;
  (void)opaque;
}
static void notify(void *opaque) { (void)opaque; }

static const SlirpCb callbacks = {
    .send_packet = transmit,
    .guest_error = complain,
    .clock_get_ns = clock_ns,
    .timer_new = new_timer,
    .timer_free = free_timer,
    .timer_mod = set_timer,
    .register_poll_fd = heed,
    .unregister_poll_fd = heed,
    .notify = notify,
};

/* Time and the sockets that libslirp waits for */

static struct pollfd polled[64];
static int count;

static const struct {
  int slirp;
  short poll;
} bits[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_poll(int descriptor, int events, void *opaque) {
  (void)opaque;
  short wanted = 0;
  for (size_t i = 0; i < 3; i++)
    if (events & bits[i].slirp) wanted |= bits[i].poll;
  polled[count] = (struct pollfd){descriptor, wanted, 0};
  return count++;
}

static int get_events(int index, void *opaque) {
  (void)opaque;
  int found = 0;
  for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
    if (polled[index].revents & bits[i].poll) found |= bits[i].slirp;
  return found;
}

static void turn(int milliseconds) {
  now += (int64_t)milliseconds * 1000000;
  for (int i = 0; i < TURNS; i++) {
    uint32_t timeout = 0;
    count = 0;
    slirp_pollfds_fill(slirp, &timeout, add_poll, NULL);
    int result = poll(polled, (nfds_t)count, 0);
    slirp_pollfds_poll(slirp, result < 0, get_events, NULL);
  }
}

/* The guest */

static void arrive(const char *hex) {
  unsigned char frame[ETHERNET + MOST] = {0x52, 0x55, 10, 83, 0, 1};
  memcpy(frame + 6, guest, sizeof guest);
  frame[12] = 8;
  slirp_input(slirp, frame, (int)(ETHERNET + read_packet(hex, frame + ETHERNET)));
}

static void announce(void) { /* by ARP: else libslirp asks for the guest's address */
  unsigned char frame[42] = {255, 255, 255, 255, 255, 255};
  static const unsigned char request[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
  static const unsigned char address[] = {10, 83, 0, 2};
  memcpy(frame + 6, guest, 6);
  memcpy(frame + 12, request, sizeof request);
  memcpy(frame + 22, guest, 6);
  memcpy(frame + 28, address, 4);
  memcpy(frame + 38, address, 4);
  slirp_input(slirp, frame, sizeof frame);
}

/* The user */

static struct sockaddr_in local(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET,
      .sin_port = htons((uint16_t)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
}

static int bound(void) {
  int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = local(HERE);
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(made, (struct sockaddr *)&address, sizeof address) < 0) perror("bind");
  return made;
}

static int unlisten(void) {
  if (listener >= 0) close(listener);
  listener = -1;
  return 0;
}

static int listens(void) {
  listener = bound();
  return listen(listener, 4);
}

static int connects(void) {
  struct sockaddr_in address = local(FORWARDED);
  own = bound();
  int result = connect(own, (struct sockaddr *)&address, sizeof address);
  return result < 0 && errno == EINPROGRESS ? 0 : result;
}

static int accepts(void) {
  turn(0);
  own = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  return own < 0 ? -1 : 0;
}

static int sends(void) { return send(own, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1; }

static int receives(void) {
  char text[1000];
  if (own >= 0) recv(own, text, sizeof text, 0);
  return 0;
}

static int shuts_down(void) { return shutdown(own, SHUT_WR); }

static int closes(void) {
  if (own >= 0) close(own);
  own = -1;
  return unlisten();
}

static int aborts(void) {
  struct linger now_and_hard = {1, 0};
  if (own >= 0) setsockopt(own, SOL_SOCKET, SO_LINGER, &now_and_hard, sizeof now_and_hard);
  return closes();
}

static const struct call calls[] = {
    {"listen", listens}, {"unlisten", unlisten}, {"connect", connects},    {"accept", accepts},
    {"send", sends},     {"recv", receives},     {"shutdown", shuts_down}, {"close", closes},
    {"abort", aborts},
};

/* The state, from the table that libslirp tells its own user: " TCP[ESTABLISHED] ... 7001 ..." */

static void tell_state(void) {
  char *table = slirp_connection_info(slirp), *rest = table, *line, state[32] = "";
  while ((line = strsep(&rest, "\n")) != NULL) {
    char found[32];
    if (strstr(line, "7001") == NULL || sscanf(line, " TCP[%31[^]]]", found) != 1) continue;
    if (strcmp(found, "CLOSED") != 0 && strcmp(found, "HOST_FORWARD") != 0) strcpy(state, found);
  }
  free(table);
  if (state[0] == '\0') strcpy(state, listener >= 0 ? "LISTEN" : "CLOSED");
  if (strcmp(state, "SYN_RCVD") == 0) strcpy(state, "SYN_RECEIVED");
  for (char *c = state; *c; c++)
    if (*c == '_') *c = '-';
  printf("ok %s\n", state);
}

static void obey(const char *word, const char *argument) {
  const struct call *call = called(calls, sizeof calls / sizeof *calls, word);
  int result = call != NULL ? call->make() : -2, error = errno;
  if (strcmp(word, "in") == 0) {
    arrive(argument);
    result = 0;
  } else if (strcmp(word, "tick") == 0) {
    for (long left = STEPS * atol(argument); left > 0; left--) turn(STEP);
    result = 0;
  } else if (strcmp(word, "tcb") == 0) {
    result = 0;
  }
  turn(0);
  if (strcmp(word, "state") == 0)
    tell_state();
  else if (result == 0)
    puts("ok");
  else if (result == -1)
    printf("no %s\n", strerror(error));
  else
    printf("no such line: %s\n", word);
}

static void set_up(void) {
  SlirpConfig config = {.version = 1, .in_enabled = true, .if_mtu = 1500, .if_mru = 1500};
  inet_aton("10.83.0.0", &config.vnetwork);
  inet_aton("255.255.255.0", &config.vnetmask);
  inet_aton("10.83.0.1", &config.vhost);
  inet_aton("10.83.0.2", &config.vdhcp_start);
  inet_aton("10.83.0.3", &config.vnameserver);
  slirp = slirp_new(&config, &callbacks, NULL);
  struct in_addr loopback = {htonl(INADDR_LOOPBACK)}, there;
  inet_aton("10.83.0.2", &there);
  slirp_add_hostfwd(slirp, false, loopback, FORWARDED, there, THERE);
  announce();
}

int main(void) {
  if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
    perror("a network namespace");
    return 1;
  }
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int control = socket(AF_INET, SOCK_DGRAM, 0);
  if (ioctl(control, SIOCSIFFLAGS, &loopback) < 0) perror("lo");
  close(control);
  set_up();
  serve(obey);
  return 0;
}
