/* One HTTP request a connection, by the batch: accepts up to 32 connections whose request is there already, calls
 * JavaScript once for all of them, sends the answers and closes. Whatever is not a whole announce or scrape in one
 * piece is handed to Node as an ordinary socket. Linux only, optional: without it the tracker uses node:net.
 *
 *   openTcp(host, port, reusePort, memory, onBatch, onOther) -> { port, close() }
 *
 * `memory` is one ArrayBuffer that both sides read and write; SLOTS slots, each of which holds
 *
 *   0     int32  bytes of the request    8     16 bytes, address of the client as it is on the wire
 *   4     int32  4 or 6, its family      28    int32  bytes of the answer, or -1 to hand the socket over
 *   32    the request                    4096  the answer
 *
 * onBatch(count) fills in answers for the first `count` slots. onOther(fd, slot) owns the file descriptor from then
 * on; what was read from it is the request of that slot.
 */
#define _GNU_SOURCE
#include "node-api.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 32, SLOT_BYTES = 16384, REQUEST_AT = 32, ANSWER_AT = 4096, ROUNDS = 4, BACKLOG = 4096, DEFER_SECONDS = 5 };

struct slot {
  int32_t received, family;
  uint8_t address[16];
  uint8_t unused[4];
  int32_t answer;
  uint8_t request[ANSWER_AT - REQUEST_AT];
  uint8_t bytes[SLOT_BYTES - ANSWER_AT];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is 16 KiB");
_Static_assert(offsetof(struct slot, answer) == 28, "the answer's length is at 28");

struct tcp {
  napi_env env;
  napi_ref memory, on_batch, on_other;
  napi_async_context context;
  uv_poll *poll;
  int fd, spare, port;
  struct slot *slots;
  int clients[SLOTS];
};

static void free_tcp(uv_poll *poll) {
  free(poll->data);
  free(poll);
}

static void shut(void *data) {
  struct tcp *tcp = data;
  if (tcp->fd < 0) return;
  uv_poll_stop(tcp->poll);
  close(tcp->fd);
  close(tcp->spare);
  tcp->fd = -1;
  napi_delete_reference(tcp->env, tcp->memory);
  napi_delete_reference(tcp->env, tcp->on_batch);
  napi_delete_reference(tcp->env, tcp->on_other);
  napi_async_destroy(tcp->env, tcp->context);
  uv_close(tcp->poll, free_tcp);
}

static void call(struct tcp *tcp, napi_ref function, size_t count, const int32_t *numbers) {
  napi_handle_scope scope;
  napi_value global, callee, values[2];
  if (tcp->fd < 0) return;
  napi_open_handle_scope(tcp->env, &scope);
  napi_get_global(tcp->env, &global);
  napi_get_reference_value(tcp->env, function, &callee);
  for (size_t i = 0; i < count; i++) napi_create_int32(tcp->env, numbers[i], &values[i]);
  napi_make_callback(tcp->env, tcp->context, global, callee, count, values, NULL);
  napi_close_handle_scope(tcp->env, scope);
}

static void describe(struct slot *slot, const struct sockaddr_storage *from) {
  if (from->ss_family == AF_INET) {
    slot->family = 4;
    memcpy(slot->address, &((const struct sockaddr_in *)from)->sin_addr, 4);
    return;
  }
  const struct in6_addr *address = &((const struct sockaddr_in6 *)from)->sin6_addr;
  slot->family = IN6_IS_ADDR_V4MAPPED(address) ? 4 : 6;
  if (slot->family == 4) memcpy(slot->address, (const uint8_t *)address + 12, 4);
  else memcpy(slot->address, address, 16);
}

/* Whether the request is a complete GET of an announce or scrape, with nothing after it. */
static bool is_plain(const struct slot *slot) {
  const char *text = (const char *)slot->request;
  int length = slot->received;
  if (length < 20 || memcmp(text + length - 4, "\r\n\r\n", 4)) return false;
  return !memcmp(text, "GET /announce", 13) || !memcmp(text, "GET /scrape", 11);
}

/* When there are no file descriptors left, uses the spare one to accept a connection and close it. */
static void shed(struct tcp *tcp) {
  close(tcp->spare);
  int fd = accept4(tcp->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0) close(fd);
  tcp->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Fills slots with plain requests; the rest goes to JavaScript one by one. Returns how many were filled, or -1
 * when no connection was waiting. */
static int accept_batch(struct tcp *tcp) {
  int filled = 0, accepted = 0;
  while (filled < SLOTS && accepted < SLOTS * 2) {
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int fd = accept4(tcp->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) shed(tcp);
      if (errno == EINTR || errno == ECONNABORTED) continue;
      break;
    }
    accepted++;
    struct slot *slot = &tcp->slots[filled];
    ssize_t got = recv(fd, slot->request, sizeof slot->request, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      close(fd);
      continue;
    }
    slot->received = got < 0 ? 0 : (int32_t)got;
    slot->answer = 0;
    describe(slot, &from);
    if (is_plain(slot)) tcp->clients[filled++] = fd;
    else call(tcp, tcp->on_other, 2, (int32_t[]){fd, filled});
    if (tcp->fd < 0) break;
  }
  return accepted == 0 ? -1 : filled;
}

static void readable(uv_poll *poll, int status, int events) {
  struct tcp *tcp = poll->data;
  (void)status, (void)events;
  for (int round = 0; round < ROUNDS && tcp->fd >= 0; round++) {
    int count = accept_batch(tcp);
    if (count < 0) return;
    if (count > 0) call(tcp, tcp->on_batch, 1, (int32_t[]){count});
    for (int i = 0; i < count; i++) {
      struct slot *slot = &tcp->slots[i];
      if (slot->answer < 0 && tcp->fd >= 0) {
        call(tcp, tcp->on_other, 2, (int32_t[]){tcp->clients[i], i});
        continue;
      }
      if (slot->answer > 0 && slot->answer <= (int32_t)sizeof slot->bytes)
        (void)!send(tcp->clients[i], slot->bytes, slot->answer, MSG_NOSIGNAL | MSG_DONTWAIT);
      close(tcp->clients[i]);
    }
    if (count < SLOTS / 2) return;
  }
}

static napi_value close_tcp(napi_env env, napi_callback_info info) {
  struct tcp **holder;
  napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&holder);
  if (*holder == NULL) return NULL;
  napi_remove_env_cleanup_hook(env, shut, *holder);
  shut(*holder);
  *holder = NULL;
  return NULL;
}

/* A listening socket, or -1 with errno set. Without a host: every address, of both families where there are two. */
static int listen_socket(const char *host, int *port, bool reuse_port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
  struct sockaddr_in *four = (struct sockaddr_in *)&address;
  int family = *host != 0 && !strchr(host, ':') ? AF_INET : AF_INET6, one = 1, zero = 0, wait = DEFER_SECONDS;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && *host == 0) {
    family = AF_INET;
    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (fd < 0) return -1;
  address.sin6_family = family;
  socklen_t length = family == AF_INET ? sizeof *four : sizeof address;
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, *host ? &one : &zero, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  /* A connection is accepted only when its request has arrived. */
  setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait, sizeof wait);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  void *ip = family == AF_INET ? (void *)&four->sin_addr : (void *)&address.sin6_addr;
  errno = EADDRNOTAVAIL;
  if ((*host == 0 || inet_pton(family, host, ip) == 1) && bind(fd, (struct sockaddr *)&address, length) == 0 &&
      listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
    *port = ntohs(address.sin6_port);
    return fd;
  }
  int problem = errno;
  close(fd);
  errno = problem;
  return -1;
}

napi_value open_tcp(napi_env env, napi_callback_info info) {
  size_t count = 6, length;
  napi_value given[6], result, value;
  int32_t port;
  bool reuse_port;
  char host[64];
  void *memory, *loop;
  napi_get_cb_info(env, info, &count, given, NULL, NULL);
  if (count != 6 || napi_get_value_string_utf8(env, given[0], host, sizeof host, &length) ||
      napi_get_value_int32(env, given[1], &port) || napi_get_value_bool(env, given[2], &reuse_port) ||
      napi_get_arraybuffer_info(env, given[3], &memory, &length) || length < SLOTS * sizeof(struct slot)) {
    napi_throw_error(env, "EINVAL", "openTcp(host, port, reusePort, memory, onBatch, onOther) with 512 KiB of memory");
    return NULL;
  }
  int fd = listen_socket(host, &port, reuse_port);
  if (fd < 0) {
    int problem = errno;
    napi_throw_error(env, name_of_problem(problem), strerror(problem));
    return NULL;
  }
  struct tcp *tcp = calloc(1, sizeof *tcp);
  *tcp = (struct tcp){.env = env, .fd = fd, .port = port, .slots = memory, .spare = open("/dev/null", O_RDONLY | O_CLOEXEC)};
  napi_create_reference(env, given[3], 1, &tcp->memory);
  napi_create_reference(env, given[4], 1, &tcp->on_batch);
  napi_create_reference(env, given[5], 1, &tcp->on_other);
  napi_create_string_utf8(env, "batch-tcp", 9, &value);
  napi_async_init(env, NULL, value, &tcp->context);
  napi_get_uv_event_loop(env, &loop);
  tcp->poll = calloc(1, uv_handle_size(UV_POLL));
  uv_poll_init(loop, tcp->poll, fd);
  tcp->poll->data = tcp;
  uv_poll_start(tcp->poll, UV_READABLE, readable);
  napi_add_env_cleanup_hook(env, shut, tcp);
  /* Outlives the socket, so that closing twice is harmless. */
  struct tcp **holder = malloc(sizeof *holder);
  *holder = tcp;
  napi_create_object(env, &result);
  napi_create_int32(env, port, &value);
  napi_set_named_property(env, result, "port", value);
  napi_create_function(env, "close", 5, close_tcp, holder, &value);
  napi_set_named_property(env, result, "close", value);
  return result;
}
