/* What endpoints that speak lines (checker/stacks/drivers/lines.py) have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HERE = 7000, THERE = 7001, MOST = 4096 };

/* The user's calls: 0 is good. A peer has a table of them, and says what else it is asked. */
struct call {
  const char *name;
  int (*make)(void);
};

static void say_sent(const unsigned char *packet, size_t length) {
  fputs("out ", stdout);
  for (size_t i = 0; i < length; i++) printf("%02x", packet[i]);
  putchar('\n');
}

static size_t read_packet(const char *hex, unsigned char *packet) {
  size_t length = strlen(hex) / 2;
  if (length > MOST) length = MOST;
  for (size_t i = 0; i < length; i++) {
    unsigned octet = 0;
    sscanf(hex + 2 * i, "%2x", &octet);
    packet[i] = (unsigned char)octet;
  }
  return length;
}

static const struct call *called(const struct call *calls, size_t count, const char *word) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(word, calls[i].name) == 0) return &calls[i];
  return NULL;
}

static void serve(void (*obey)(const char *word, const char *argument)) {
  static char line[1 << 14];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *argument = strchr(line, ' ');
    if (argument != NULL) *argument++ = '\0';
    obey(line, argument != NULL ? argument : "");
    fflush(stdout);
  }
}
