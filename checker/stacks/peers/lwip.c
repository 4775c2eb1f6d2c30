/* lwIP as an endpoint that speaks lines (checker/stacks/drivers/lines.py).
 *
 * The raw API in one thread, with a device that prints what is sent. Time passes by `tick` alone: a
 * tick is TCP's own, of TCP_TMR_INTERVAL (250 ms). Text is read, and the window opened, by `recv`.
 */
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include "lines.h"

static struct netif device;
static ip_addr_t here, there;
static struct tcp_pcb *listener, *own; /* what the user holds */
static u16_t unread;

/* The device */

static err_t transmit(struct netif *netif, struct pbuf *packet, const ip4_addr_t *next_hop) {
  (void)netif;
  (void)next_hop;
  unsigned char octets[MOST];
  say_sent(octets, pbuf_copy_partial(packet, octets, sizeof octets, 0));
  return ERR_OK;
}

static err_t set_up(struct netif *netif) {
  netif->name[0] = 'l';
  netif->name[1] = 'n';
  netif->mtu = 1500;
  netif->output = transmit;
  return ERR_OK;
}

static int arrive(const char *hex) {
  unsigned char octets[MOST];
  u16_t length = (u16_t)read_packet(hex, octets);
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
  if (packet == NULL) return ERR_MEM;
  pbuf_take(packet, octets, length);
  err_t result = device.input(packet, &device);
  if (result != ERR_OK) pbuf_free(packet);
  return result;
}

/* What lwIP calls */

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *text, err_t error) {
  (void)arg;
  (void)pcb;
  (void)error;
  if (text != NULL) {
    unread += text->tot_len;
    pbuf_free(text);
  }
  return ERR_OK;
}

static void failed(void *arg, err_t error) { /* the pcb is gone already */
  (void)arg;
  (void)error;
  own = NULL;
}

static void hold(struct tcp_pcb *pcb) {
  own = pcb;
  tcp_recv(pcb, received);
  tcp_err(pcb, failed);
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error) {
  (void)arg;
  if (error == ERR_OK && pcb != NULL) hold(pcb);
  return ERR_OK;
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error) {
  (void)arg;
  (void)pcb;
  return error;
}

/* The connection, whoever holds it */

static struct tcp_pcb *among(struct tcp_pcb *pcb) {
  while (pcb != NULL && !(pcb->local_port == HERE && pcb->remote_port == THERE)) pcb = pcb->next;
  return pcb;
}

static struct tcp_pcb *connection(void) {
  struct tcp_pcb *pcb = among(tcp_active_pcbs);
  return pcb != NULL ? pcb : among(tcp_tw_pcbs);
}

static const char *state(void) {
  static const char *const names[] = {
      [CLOSED] = "CLOSED",           [LISTEN] = "LISTEN",         [SYN_SENT] = "SYN-SENT",
      [SYN_RCVD] = "SYN-RECEIVED",   [ESTABLISHED] = "ESTABLISHED", [FIN_WAIT_1] = "FIN-WAIT-1",
      [FIN_WAIT_2] = "FIN-WAIT-2",   [CLOSE_WAIT] = "CLOSE-WAIT", [CLOSING] = "CLOSING",
      [LAST_ACK] = "LAST-ACK",       [TIME_WAIT] = "TIME-WAIT",
  };
  const struct tcp_pcb *pcb = connection();
  if (pcb != NULL) return names[pcb->state];
  return listener != NULL ? "LISTEN" : "CLOSED";
}

/* The user */

static struct tcp_pcb *bound(void) {
  struct tcp_pcb *pcb = tcp_new();
  if (pcb == NULL) return NULL;
  ip_set_option(pcb, SOF_REUSEADDR);
  if (tcp_bind(pcb, &here, HERE) == ERR_OK) return pcb;
  tcp_close(pcb);
  return NULL;
}

static void reach(void) { /* a connection that no accept() has handed over yet */
  struct tcp_pcb *pcb = own == NULL ? connection() : NULL;
  if (pcb != NULL && pcb->state == SYN_RCVD) hold(pcb);
}

static int unlisten(void) {
  if (listener != NULL) tcp_close(listener);
  listener = NULL;
  return ERR_OK;
}

static int listens(void) {
  struct tcp_pcb *pcb = bound();
  listener = pcb != NULL ? tcp_listen(pcb) : NULL;
  if (listener == NULL) return ERR_USE;
  tcp_accept(listener, accepted);
  return ERR_OK;
}

static int connects(void) {
  struct tcp_pcb *pcb = bound();
  if (pcb == NULL) return ERR_USE;
  hold(pcb);
  return tcp_connect(pcb, &there, THERE, connected);
}

static int sends(void) {
  reach();
  if (own == NULL) return ERR_CONN;
  err_t result = tcp_write(own, "x", 1, TCP_WRITE_FLAG_COPY);
  return result == ERR_OK ? tcp_output(own) : result;
}

static int receives(void) {
  if (own != NULL && unread > 0) tcp_recved(own, unread);
  unread = 0;
  return ERR_OK;
}

static int shuts_down(void) { return own != NULL ? tcp_shutdown(own, 0, 1) : ERR_CONN; }

static int closes(void) {
  err_t result = ERR_OK;
  reach();
  if (own != NULL) {
    struct tcp_pcb *pcb = own;
    result = tcp_close(pcb);
    if (result == ERR_OK) own = NULL;
  }
  unlisten();
  return result;
}

static int aborts(void) {
  reach();
  if (own != NULL) tcp_abort(own);
  own = NULL;
  return unlisten();
}

static int accepts(void) { return own != NULL ? ERR_OK : ERR_CONN; }

static const struct call calls[] = {
    {"listen", listens}, {"unlisten", unlisten},   {"connect", connects}, {"accept", accepts},
    {"send", sends},     {"recv", receives},       {"close", closes},     {"abort", aborts},
    {"shutdown", shuts_down},
};

static void answer(int result) {
  if (result == ERR_OK)
    puts("ok");
  else
    printf("no lwIP's error %d\n", result);
}

static void obey(const char *word, const char *argument) {
  const struct call *call = called(calls, sizeof calls / sizeof *calls, word);
  if (call != NULL) {
    answer(call->make());
  } else if (strcmp(word, "in") == 0) {
    answer(arrive(argument));
  } else if (strcmp(word, "tick") == 0) {
    for (long left = atol(argument); left > 0; left--) tcp_tmr();
    answer(ERR_OK);
  } else if (strcmp(word, "state") == 0) {
    printf("ok %s\n", state());
  } else if (strcmp(word, "tcb") == 0) {
    const struct tcp_pcb *pcb = connection();
    if (pcb != NULL && pcb->state != TIME_WAIT)
      printf("ok rcv.nxt=%u snd.una=%u\n", pcb->rcv_nxt, pcb->lastack);
    else
      puts("ok");
  } else {
    printf("no such line: %s\n", word);
  }
}

int main(void) {
  ip4_addr_t mask;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP_ADDR4(&here, 10, 83, 0, 1);
  IP_ADDR4(&there, 10, 83, 0, 2);
  lwip_init();
  netif_add(&device, ip_2_ip4(&here), &mask, ip_2_ip4(&there), NULL, set_up, ip_input);
  netif_set_default(&device);
  netif_set_up(&device);
  netif_set_link_up(&device);
  serve(obey);
  return 0;
}
