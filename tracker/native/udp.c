/* UDP by the batch for Node: up to 64 datagrams a system call in (recvmmsg) and out (sendmmsg), and one call of
 * JavaScript for all of them. Linux only, optional: without it the tracker uses node:dgram.
 *
 *   openUdp(family, host, port, reusePort, memory, onBatch) -> { port, close() }
 *
 * `memory` is one ArrayBuffer that both sides read and write; SLOTS slots, each of which holds
 *
 *   0     int32  bytes received          28    int32  bytes to send back, 0 for none
 *   4     int32  port of the sender      32    the datagram, up to 2,016 bytes
 *   8     16 bytes, address of the       2048  the answer, up to 2,048 bytes
 *         sender as it is on the wire
 *
 * onBatch(count, behind) fills in answers for the first `count` slots; they leave when it returns, from the address
 * that each datagram was sent to. What the network does not take at once is dropped, as UDP may. `behind` is 1 when
 * more than a quarter of what the kernel keeps for the socket is waiting, else 0.
 */
#define _GNU_SOURCE
#include "node-api.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 64, SLOT_BYTES = 4096, DATAGRAM_AT = 32, ANSWER_AT = 2048, ROUNDS = 8, BUFFER_BYTES = 8 << 20 };

struct slot {
  int32_t received, port;
  uint8_t address[16];
  uint8_t unused[4];
  int32_t answer;
  uint8_t datagram[ANSWER_AT - DATAGRAM_AT];
  uint8_t bytes[SLOT_BYTES - ANSWER_AT];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is 4 KiB");
_Static_assert(offsetof(struct slot, answer) == 28, "the answer's length is at 28");

struct udp {
  napi_env env;
  napi_ref memory, on_batch;
  napi_async_context context;
  uv_poll *poll;
  int fd, family, port;
  struct slot *slots;
  struct mmsghdr in[SLOTS], out[SLOTS];
  struct iovec in_parts[SLOTS], out_parts[SLOTS];
  struct sockaddr_in6 from[SLOTS];
  uint8_t control[SLOTS][64];
};

static void free_udp(uv_poll *poll) {
  free(poll->data);
  free(poll);
}

static void shut(void *data) {
  struct udp *udp = data;
  if (udp->fd < 0) return;
  uv_poll_stop(udp->poll);
  close(udp->fd);
  udp->fd = -1;
  napi_delete_reference(udp->env, udp->memory);
  napi_delete_reference(udp->env, udp->on_batch);
  napi_async_destroy(udp->env, udp->context);
  uv_close(udp->poll, free_udp);
}

static void arm(struct udp *udp) {
  for (int i = 0; i < SLOTS; i++) {
    udp->in[i].msg_hdr.msg_namelen = sizeof udp->from[i];
    udp->in[i].msg_hdr.msg_controllen = sizeof udp->control[i];
  }
}

/* Copies length, port and address of each datagram to where JavaScript reads them. */
static void describe(struct udp *udp, int count) {
  for (int i = 0; i < count; i++) {
    struct slot *slot = &udp->slots[i];
    bool whole = !(udp->in[i].msg_hdr.msg_flags & MSG_TRUNC);
    slot->received = whole ? (int32_t)udp->in[i].msg_len : 0;
    slot->answer = 0;
    slot->port = ntohs(udp->from[i].sin6_port);
    if (udp->family == AF_INET) memcpy(slot->address, &((struct sockaddr_in *)&udp->from[i])->sin_addr, 4);
    else memcpy(slot->address, &udp->from[i].sin6_addr, 16);
  }
}

/* Makes the answer leave from the address that the datagram was sent to, through any interface. */
static void keep_local_address(struct msghdr *message) {
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO)
      ((struct in_pktinfo *)CMSG_DATA(each))->ipi_ifindex = 0;
  }
}

static void send_answers(struct udp *udp, int count) {
  int ready = 0;
  for (int i = 0; i < count; i++) {
    struct slot *slot = &udp->slots[i];
    if (slot->answer <= 0 || slot->answer > SLOT_BYTES - ANSWER_AT) continue;
    udp->out_parts[ready] = (struct iovec){slot->bytes, slot->answer};
    udp->out[ready].msg_hdr = udp->in[i].msg_hdr;
    udp->out[ready].msg_hdr.msg_iov = &udp->out_parts[ready];
    udp->out[ready].msg_hdr.msg_flags = 0;
    keep_local_address(&udp->out[ready].msg_hdr);
    ready++;
  }
  for (int done = 0; done < ready;) {
    int sent = sendmmsg(udp->fd, udp->out + done, ready - done, MSG_DONTWAIT);
    if (sent > 0) done += sent;
    else if (errno != EINTR) done++;
  }
}

/* Linux 4.12 and later report this; on older kernels the result is always false. */
static bool is_behind(int fd) {
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length)) return false;
  return memory[SK_MEMINFO_RMEM_ALLOC] > memory[SK_MEMINFO_RCVBUF] / 4;
}

static void readable(uv_poll *poll, int status, int events) {
  struct udp *udp = poll->data;
  napi_env env = udp->env;
  (void)status, (void)events;
  /* After a few batches, other sockets and timers get a turn. */
  for (int round = 0; round < ROUNDS && udp->fd >= 0; round++) {
    arm(udp);
    bool behind = is_behind(udp->fd);
    int count = recvmmsg(udp->fd, udp->in, SLOTS, MSG_DONTWAIT, NULL);
    if (count <= 0) return;
    describe(udp, count);
    napi_handle_scope scope;
    napi_value global, on_batch, given[2];
    napi_open_handle_scope(env, &scope);
    napi_get_global(env, &global);
    napi_get_reference_value(env, udp->on_batch, &on_batch);
    napi_create_int32(env, count, &given[0]);
    napi_create_int32(env, behind, &given[1]);
    napi_status called = napi_make_callback(env, udp->context, global, on_batch, 2, given, NULL);
    napi_close_handle_scope(env, scope);
    if (called == 0 && udp->fd >= 0) send_answers(udp, count);
    if (count < SLOTS) return;
  }
}

static napi_value close_udp(napi_env env, napi_callback_info info) {
  struct udp **holder;
  napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&holder);
  if (*holder == NULL) return NULL;
  napi_remove_env_cleanup_hook(env, shut, *holder);
  shut(*holder);
  *holder = NULL;
  return NULL;
}

/* A bound socket, or -1 with errno set. */
static int bind_socket(int family, const char *host, int *port, bool reuse_port) {
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, bytes = BUFFER_BYTES;
  if (fd < 0) return -1;
  struct sockaddr_in6 address = {0};
  socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof address;
  address.sin6_family = family;
  address.sin6_port = htons(*port);
  void *ip = family == AF_INET ? (void *)&((struct sockaddr_in *)&address)->sin_addr : (void *)&address.sin6_addr;
  if (family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
  } else setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
  if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes)) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes)) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  errno = EADDRNOTAVAIL;
  if ((*host == 0 || inet_pton(family, host, ip) == 1) && bind(fd, (struct sockaddr *)&address, length) == 0 &&
      getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
    *port = ntohs(address.sin6_port);
    return fd;
  }
  int problem = errno;
  close(fd);
  errno = problem;
  return -1;
}

napi_value open_udp(napi_env env, napi_callback_info info) {
  size_t count = 6, length;
  napi_value given[6], result, value;
  int32_t family, port;
  bool reuse_port;
  char host[64];
  void *memory, *loop;
  napi_get_cb_info(env, info, &count, given, NULL, NULL);
  if (count != 6 || napi_get_value_int32(env, given[0], &family) || napi_get_value_string_utf8(env, given[1], host, sizeof host, &length) ||
      napi_get_value_int32(env, given[2], &port) || napi_get_value_bool(env, given[3], &reuse_port) ||
      napi_get_arraybuffer_info(env, given[4], &memory, &length) || length < SLOTS * sizeof(struct slot)) {
    napi_throw_error(env, "EINVAL", "openUdp(family, host, port, reusePort, memory, onBatch) with 256 KiB of memory");
    return NULL;
  }
  int fd = bind_socket(family == 6 ? AF_INET6 : AF_INET, host, &port, reuse_port);
  if (fd < 0) {
    int problem = errno;
    napi_throw_error(env, name_of_problem(problem), strerror(problem));
    return NULL;
  }
  struct udp *udp = calloc(1, sizeof *udp);
  *udp = (struct udp){.env = env, .fd = fd, .port = port, .family = family == 6 ? AF_INET6 : AF_INET, .slots = memory};
  for (int i = 0; i < SLOTS; i++) {
    udp->in_parts[i] = (struct iovec){udp->slots[i].datagram, sizeof udp->slots[i].datagram};
    udp->in[i].msg_hdr = (struct msghdr){.msg_name = &udp->from[i], .msg_iov = &udp->in_parts[i], .msg_iovlen = 1, .msg_control = udp->control[i]};
  }
  napi_create_reference(env, given[4], 1, &udp->memory);
  napi_create_reference(env, given[5], 1, &udp->on_batch);
  napi_create_string_utf8(env, "batch-udp", 9, &value);
  napi_async_init(env, NULL, value, &udp->context);
  napi_get_uv_event_loop(env, &loop);
  udp->poll = calloc(1, uv_handle_size(UV_POLL));
  uv_poll_init(loop, udp->poll, fd);
  udp->poll->data = udp;
  uv_poll_start(udp->poll, UV_READABLE, readable);
  napi_add_env_cleanup_hook(env, shut, udp);
  /* Outlives the socket, so that closing twice is harmless. */
  struct udp **holder = malloc(sizeof *holder);
  *holder = udp;
  napi_create_object(env, &result);
  napi_create_int32(env, port, &value);
  napi_set_named_property(env, result, "port", value);
  napi_create_function(env, "close", 5, close_udp, holder, &value);
  napi_set_named_property(env, result, "close", value);
  return result;
}
