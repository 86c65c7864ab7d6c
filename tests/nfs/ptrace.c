// SPDX-License-Identifier: Apache-2.0
// ptrace(2) for User Mode Linux 6.1 on processors with AMX. That kernel keeps a process's extended
// registers in a buffer of a fixed size; with AMX the host's are larger, refuses to set them from
// less, and the guest panics. So what is missing is filled up with what the process has.
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define XSTATE 0x202            // NT_X86_XSTATE
#define HEADER 512              // where XSTATE_BV stands: which parts are in use
#define KNOWN_TO_GUEST 0x2ffULL // parts that fit into the guest's buffer

static long call(long request, long pid, void *address, void *data) {
  return syscall(SYS_ptrace, request, pid, address, data);
}

static long set_registers(long pid, const struct iovec *few) {
  static unsigned char buffer[32768] __attribute__((aligned(64)));
  struct iovec all = {buffer, sizeof buffer};
  if (call(PTRACE_GETREGSET, pid, (void *)XSTATE, &all) != 0 || all.iov_len <= few->iov_len)
    return call(PTRACE_SETREGSET, pid, (void *)XSTATE, (void *)few);
  unsigned long long has, wants;
  memcpy(&has, buffer + HEADER, sizeof has);
  memcpy(buffer, few->iov_base, few->iov_len);
  memcpy(&wants, buffer + HEADER, sizeof wants);
  wants = (wants & KNOWN_TO_GUEST) | (has & ~KNOWN_TO_GUEST);
  memcpy(buffer + HEADER, &wants, sizeof wants);
  return call(PTRACE_SETREGSET, pid, (void *)XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  long pid = va_arg(arguments, int);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);
  if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
    long word; // The C library's ptrace returns what the system call stores.
    long result = call(request, pid, address, &word);
    if (result < 0)
      return result;
    errno = 0;
    return word;
  }
  if (request == PTRACE_SETREGSET && (long)address == XSTATE)
    return set_registers(pid, data);
  return call(request, pid, address, data);
}
