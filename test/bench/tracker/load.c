/* Load for BitTorrent trackers on this machine: UDP announces (BEP 15), a UDP echo, HTTP announces (BEP 3).
 *
 *   cc -O2 -o load load.c
 *   load hashes  --torrents N                     prints the infohashes the other modes announce
 *   load udp     --port P --torrents N --peers N  keeps --window announces in flight for --seconds
 *   load echo    --port P                         the same against a server that sends back what it gets
 *   load http    --port P --torrents N --peers N  the same by HTTP, a connection for each announce
 *   load flood   --port P --peers N               UDP connects from N addresses in turn, whose answers nobody reads;
 *                                                 without --port they go to a socket that nobody reads either
 *
 *   --fill         announce every peer once, instead of random ones for a time
 *   --connect      udp: ask for a new connection id before every announce
 *   --rate N       udp: N announces a second whether or not the server keeps up; latency counts from when each
 *                  was due. flood: N connects a second, or 0 for as many as it can
 *   --pid P        also say how much processor time process P took, and its resident memory
 *
 * Peer j of torrent i has an address of its own in 127.0.0.0/8 or shares it with others on another port. One
 * thread, one line of JSON. The generator never sleeps on UDP, so a server is not charged for waking it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MOST_WINDOW = 4096, SOURCES = 200, LONGEST_US = 2000000, MAGIC_HIGH = 0x417, MAGIC_LOW = 0x27101980 };

static struct {
  int port, torrents, window, wanted, fill, connect_each, pid;
  long peers;
  double seconds, rate;
} option = {.torrents = 1000, .window = 128, .wanted = 50, .peers = 1000000, .seconds = 5};

static uint8_t (*hashes)[20];
static uint32_t *latencies; /* how many answers took n microseconds */
static uint64_t answered, failed, lost, connects, answer_bytes, sent;
static long filled;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint64_t mix(uint64_t z) { /* splitmix64 */
  z += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static uint64_t next_random(void) {
  static uint64_t state = 1;
  return mix(state++);
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static void make_hashes(void) {
  hashes = malloc(20L * option.torrents);
  for (int i = 0; i < option.torrents; i++)
    for (int part = 0; part < 3; part++) {
      uint64_t value = mix(i * 3ull + part + 1);
      memcpy(hashes[i] + part * 8, &value, part == 2 ? 4 : 8);
    }
}

/* A peer to announce: in turn when filling, else any. */
struct peer { uint32_t torrent, number; };

static struct peer next_peer(void) {
  if (option.fill) {
    long turn = filled++;
    return (struct peer){turn % option.torrents, turn / option.torrents};
  }
  return (struct peer){next_random() % option.torrents, next_random() % (option.peers / option.torrents)};
}

static int source_of(struct peer peer) { return (peer.torrent + peer.number) % SOURCES; }
static uint32_t address_of(int source) { return htonl(0x7f000101 + source); }
static uint16_t port_of(struct peer peer) { return 1024 + peer.number % 60000; }
/* Three of four are leechers. */
static int left_of(struct peer peer) { return peer.number % 4 ? 1000 : 0; }
static int finished(double t, double end) { return option.fill ? filled >= option.peers : t >= end; }

static void note_latency(double seconds) {
  long us = seconds * 1e6;
  latencies[us < 0 ? 0 : us >= LONGEST_US ? LONGEST_US - 1 : us]++;
}

static long percentile(double share) {
  uint64_t seen = 0;
  for (long us = 0; us < LONGEST_US; us++)
    if ((seen += latencies[us]) >= answered * share) return us;
  return LONGEST_US;
}

static double server_seconds(void) {
  char name[64], text[1024];
  if (!option.pid) return 0;
  snprintf(name, sizeof name, "/proc/%d/stat", option.pid);
  FILE *file = fopen(name, "r");
  if (!file) return 0;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  unsigned long user = 0, system = 0;
  char *after = strrchr(text, ')');
  if (after) sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_resident_kb(void) {
  char name[64], line[256];
  long kb = 0;
  if (!option.pid) return 0;
  snprintf(name, sizeof name, "/proc/%d/status", option.pid);
  FILE *file = fopen(name, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kb);
  fclose(file);
  return kb;
}

static void report(double seconds, double server) {
  uint64_t served = answered ? answered : sent; /* a flood reads no answers */
  printf("{\"answered\":%lu,\"failed\":%lu,\"lost\":%lu,\"sent\":%lu,\"connects\":%lu,\"seconds\":%.3f,\"perSecond\":%.1f,"
         "\"answerBytes\":%.1f,\"p50Us\":%ld,\"p99Us\":%ld,\"serverUsEach\":%.3f,\"residentKB\":%ld}\n",
         answered, failed, lost, sent, connects, seconds, answered / seconds, answered ? (double)answer_bytes / answered : 0,
         percentile(.5), percentile(.99), served ? server * 1e6 / served : 0, server_resident_kb());
}

/* ---- UDP ---- */

enum step { FREE, CONNECTING, ANNOUNCING };
struct slot { double begun, sent; struct peer peer; uint16_t generation; uint8_t step; };
static struct slot slots[MOST_WINDOW];
static int free_slots[MOST_WINDOW], free_count, again[MOST_WINDOW], again_count;
static uint8_t ids[SOURCES][8], have_id[SOURCES];
static uint8_t out[BATCH][98], in[BATCH][4096], control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
static struct mmsghdr out_headers[BATCH], in_headers[BATCH];
static struct iovec out_parts[BATCH], in_parts[BATCH];
static struct sockaddr_in server = {.sin_family = AF_INET};

static void prepare_headers(void) {
  for (int i = 0; i < BATCH; i++) {
    out_parts[i].iov_base = out[i];
    in_parts[i] = (struct iovec){in[i], sizeof in[i]};
    out_headers[i].msg_hdr = (struct msghdr){.msg_name = &server, .msg_namelen = sizeof server, .msg_iov = &out_parts[i],
        .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
    in_headers[i].msg_hdr = (struct msghdr){.msg_iov = &in_parts[i], .msg_iovlen = 1};
    struct cmsghdr *header = CMSG_FIRSTHDR(&out_headers[i].msg_hdr);
    *header = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo))};
  }
}

static void write_datagram(int at, int id) {
  struct slot *slot = &slots[id];
  struct peer peer = slot->peer;
  uint8_t *p = out[at];
  uint32_t transaction = (uint32_t)slot->generation << 16 | id;
  memset(p, 0, sizeof out[at]);
  if (slot->step == CONNECTING) {
    put32(p, MAGIC_HIGH);
    put32(p + 4, MAGIC_LOW);
    put32(p + 12, transaction);
    out_parts[at].iov_len = 16;
  } else {
    memcpy(p, ids[source_of(peer)], 8);
    put32(p + 8, 1);
    put32(p + 12, transaction);
    memcpy(p + 16, hashes[peer.torrent], 20);
    memcpy(p + 36, "-LD0001-", 8);
    put32(p + 44, peer.torrent);
    put32(p + 48, peer.number);
    put32(p + 68, left_of(peer));
    put32(p + 80, option.fill ? 2 : 0);
    put32(p + 88, peer.number);
    put32(p + 92, option.wanted);
    uint16_t port = htons(port_of(peer));
    memcpy(p + 96, &port, 2);
    out_parts[at].iov_len = 98;
  }
  struct in_pktinfo source = {.ipi_spec_dst.s_addr = address_of(source_of(peer))};
  memcpy(CMSG_DATA((struct cmsghdr *)control[at]), &source, sizeof source);
}

static void send_batch(int fd, int count) {
  for (int done = 0; done < count;) {
    int n = sendmmsg(fd, out_headers + done, count - done, 0);
    if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) { perror("sendmmsg"); exit(1); }
    if (n > 0) done += n;
  }
  sent += count;
}

static void finish_slot(int id) {
  slots[id].step = FREE;
  free_slots[free_count++] = id;
}

static void read_answer(const uint8_t *p, int length, int echo, double t) {
  if (length < (echo ? 16 : 8)) { failed++; return; }
  uint32_t action = get32(p), transaction = get32(p + (echo ? 12 : 4));
  int id = transaction & 0xffff;
  if (id >= option.window) return;
  struct slot *slot = &slots[id];
  if (slot->step == FREE || slot->generation != transaction >> 16) return;
  int source = source_of(slot->peer);
  if (slot->step == CONNECTING) {
    if (action != 0 || length < 16) { failed++; finish_slot(id); return; }
    memcpy(ids[source], p + 8, 8);
    have_id[source] = 1;
    connects++;
    slot->step = ANNOUNCING;
    again[again_count++] = id;
    return;
  }
  if (!echo && action != 1) {
    if (failed++ < 2) fprintf(stderr, "answer %u: %.*s\n", action, length - 8, p + 8);
    have_id[source] = 0;
  } else {
    answered++;
    answer_bytes += length;
    note_latency(t - slot->begun);
  }
  finish_slot(id);
}

/* Announces half a second without an answer count as lost, and are sent again when filling. */
static void resend_lost(double t) {
  for (int id = 0; id < option.window; id++) {
    struct slot *slot = &slots[id];
    if (slot->step == FREE || t - slot->sent < .5) continue;
    lost++;
    slot->sent = t;
    if (option.fill) again[again_count++] = id;
    else finish_slot(id);
  }
}

static void run_udp(int echo) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 8 << 20, one = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
  struct sockaddr_in any = {.sin_family = AF_INET};
  if (bind(fd, (void *)&any, sizeof any)) { perror("bind"); exit(1); }
  server.sin_port = htons(option.port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  prepare_headers();
  while (free_count < option.window) free_slots[free_count] = option.window - 1 - free_count, free_count++;
  double begin = now(), end = begin + option.seconds, checked = begin, cpu = server_seconds();
  uint64_t started = 0;
  for (;;) {
    double t = now();
    int over = finished(t, end);
    if (over && (free_count == option.window || (!option.fill && t > end + 1))) break;
    int count = 0;
    while (count < BATCH) {
      int id;
      double due = option.rate > 0 ? begin + started / option.rate : t;
      if (again_count > 0) id = again[--again_count];
      else if (free_count > 0 && due <= t && !finished(t, end)) {
        id = free_slots[--free_count];
        slots[id].peer = next_peer();
        slots[id].generation++;
        slots[id].begun = due;
        slots[id].step = echo || (!option.connect_each && have_id[source_of(slots[id].peer)]) ? ANNOUNCING : CONNECTING;
        started++;
      } else break;
      slots[id].sent = t;
      write_datagram(count++, id);
    }
    if (count > 0) send_batch(fd, count);
    int got = recvmmsg(fd, in_headers, BATCH, MSG_DONTWAIT, NULL);
    t = now();
    for (int i = 0; i < got; i++) read_answer(in[i], in_headers[i].msg_len, echo, t);
    if (t - checked > .1) {
      checked = t;
      resend_lost(t);
    }
  }
  double seconds = now() - begin;
  report(!option.fill && seconds > option.seconds ? option.seconds : seconds, server_seconds() - cpu);
}

/* ---- UDP connects from many addresses ---- */

static void run_flood(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 1;
  /* What is answered overflows at once, as it would at addresses that never asked. */
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  struct sockaddr_in any = {.sin_family = AF_INET};
  if (bind(fd, (void *)&any, sizeof any)) { perror("bind"); exit(1); }
  server.sin_port = htons(option.port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!option.port) {
    socklen_t length = sizeof server;
    int idle = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(idle, (void *)&server, sizeof server) || getsockname(idle, (void *)&server, &length)) { perror("bind"); exit(1); }
  }
  prepare_headers();
  double begin = now(), cpu = server_seconds();
  for (double t; (t = now()) < begin + option.seconds;) {
    int count = 0;
    double due = option.rate > 0 ? (t - begin) * option.rate : 1e18;
    for (; count < BATCH && sent + count < due; count++) {
      struct in_pktinfo source = {.ipi_spec_dst.s_addr = htonl(0x7f010000 + (sent + count) % option.peers)};
      memcpy(CMSG_DATA((struct cmsghdr *)control[count]), &source, sizeof source);
      put32(out[count], MAGIC_HIGH);
      put32(out[count] + 4, MAGIC_LOW);
      put32(out[count] + 8, 0);
      put32(out[count] + 12, next_random());
      out_parts[count].iov_len = 16;
    }
    if (count > 0) send_batch(fd, count);
    else usleep(200);
  }
  report(now() - begin, server_seconds() - cpu);
}

/* ---- HTTP, a connection for each announce ---- */

struct connection { int fd, asked, ask_length, got; double begun; char ask[512], answer[16384]; };
static int poller;

static void open_connection(struct connection *c) {
  struct peer peer = next_peer();
  char *p = c->ask + sprintf(c->ask, "GET /announce?info_hash=");
  for (int i = 0; i < 20; i++) p += sprintf(p, "%%%02x", hashes[peer.torrent][i]);
  p += sprintf(p, "&peer_id=-LD0001-%04x%08x&port=%d&uploaded=0&downloaded=0&left=%d&compact=1&numwant=%d%s HTTP/1.1\r\n"
                  "Host: 127.0.0.1:%d\r\nUser-Agent: load\r\nConnection: close\r\n\r\n",
               peer.torrent & 0xffff, peer.number, port_of(peer), left_of(peer), option.wanted, option.fill ? "&event=started" : "", option.port);
  c->ask_length = p - c->ask;
  c->asked = c->got = 0;
  c->begun = now();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = address_of(source_of(peer))};
  if (bind(c->fd, (void *)&from, sizeof from)) { perror("bind"); exit(1); }
  if (connect(c->fd, (void *)&server, sizeof server) && errno != EINPROGRESS) { perror("connect"); exit(1); }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
  connects++;
}

/* 1 once the whole answer is there, -1 when there will be none. */
static int progress(struct connection *c) {
  while (c->asked < c->ask_length) {
    int n = write(c->fd, c->ask + c->asked, c->ask_length - c->asked);
    if (n < 0) return errno == EAGAIN || errno == ENOTCONN ? 0 : -1;
    c->asked += n;
  }
  for (;;) {
    int n = read(c->fd, c->answer + c->got, sizeof c->answer - 1 - c->got);
    if (n > 0) { c->got += n; continue; }
    c->answer[c->got] = 0;
    char *body = strstr(c->answer, "\r\n\r\n"), *length = strcasestr(c->answer, "content-length:");
    if (body && length && length < body && c->got >= body + 4 - c->answer + atoi(length + 15)) return 1;
    if (n == 0) return body && !length ? 1 : -1;
    return errno == EAGAIN ? 0 : -1;
  }
}

static void run_http(void) {
  struct connection *all = calloc(option.window, sizeof *all);
  struct epoll_event events[256];
  poller = epoll_create1(0);
  server.sin_port = htons(option.port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  double begin = now(), end = begin + option.seconds, cpu = server_seconds();
  int live = 0;
  while (live < option.window) open_connection(&all[live++]);
  while (live > 0 && (option.fill || now() < end + 1)) {
    int count = epoll_wait(poller, events, 256, 50);
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      int state = progress(c);
      if (state == 0) continue;
      if (state > 0 && !strncmp(c->answer + 9, "200", 3) && !strstr(c->answer, "failure reason")) {
        answered++;
        answer_bytes += c->got;
        note_latency(now() - c->begun);
      } else if (failed++ < 2) fprintf(stderr, "failed: %.200s\n", c->answer);
      close(c->fd);
      if (finished(now(), end)) live--;
      else open_connection(c);
    }
  }
  double seconds = now() - begin;
  report(!option.fill && seconds > option.seconds ? option.seconds : seconds, server_seconds() - cpu);
}

int main(int count, char **words) {
  static const struct option known[] = {
      {"port", 1, 0, 'p'}, {"torrents", 1, 0, 't'}, {"peers", 1, 0, 'n'}, {"window", 1, 0, 'w'}, {"seconds", 1, 0, 'd'},
      {"wanted", 1, 0, 'g'}, {"rate", 1, 0, 'r'}, {"pid", 1, 0, 'P'}, {"fill", 0, 0, 'f'}, {"connect", 0, 0, 'c'}, {0}};
  for (int c; (c = getopt_long(count, words, "", known, NULL)) != -1;) switch (c) {
      case 'p': option.port = atoi(optarg); break;
      case 't': option.torrents = atoi(optarg); break;
      case 'n': option.peers = atol(optarg); break;
      case 'w': option.window = atoi(optarg); break;
      case 'd': option.seconds = atof(optarg); break;
      case 'g': option.wanted = atoi(optarg); break;
      case 'r': option.rate = atof(optarg); break;
      case 'P': option.pid = atoi(optarg); break;
      case 'f': option.fill = 1; break;
      case 'c': option.connect_each = 1; break;
      default: return 2;
    }
  if (option.window > MOST_WINDOW) option.window = MOST_WINDOW;
  if (option.torrents < 1 || option.peers < option.torrents) { fputs("more torrents than peers\n", stderr); return 2; }
  latencies = calloc(LONGEST_US, sizeof *latencies);
  make_hashes();
  const char *mode = optind < count ? words[optind] : "";
  if (!strcmp(mode, "hashes")) {
    for (int i = 0; i < option.torrents; i++, puts(""))
      for (int k = 0; k < 20; k++) printf("%02x", hashes[i][k]);
  } else if (!strcmp(mode, "udp")) run_udp(0);
  else if (!strcmp(mode, "echo")) run_udp(1);
  else if (!strcmp(mode, "http")) run_http();
  else if (!strcmp(mode, "flood")) run_flood();
  else { fputs("modes: hashes udp echo http flood; see the top of load.c\n", stderr); return 2; }
  return 0;
}
