#include "harness/run.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "emu/machine/hypercall.h"
#include "emu/machine/image.h"
#include "emu/machine/limits.h"
#include "emu/machine/machine.h"

namespace wdm {

namespace {

constexpr std::uint32_t kSuccessMask = 0x80000000;  // NT_SUCCESS is a sign bit that is clear

// How often time may move on while something is awaited during teardown.
constexpr unsigned kPatience = 40;

struct Session {
  const DriverImage* image = nullptr;
  const Scenario* scenario = nullptr;
  std::uint32_t load_status = 0;
  std::uint32_t device_status = 0;
  std::uint32_t devices = 0;
  // Indexes of operations, by thread.
  std::array<std::vector<std::uint16_t>, limits::kUserThreads + 1> work;

  struct Worker {
    Session* session;
    unsigned thread;
  };
  std::array<Worker, limits::kUserThreads + 1> workers;
};

std::uint8_t major_function(OpKind kind) {
  switch (kind) {
    case OpKind::open: return 0x00;
    case OpKind::read: return 0x03;
    case OpKind::write: return 0x04;
    case OpKind::query_information: return 0x05;
    case OpKind::set_information: return 0x06;
    case OpKind::flush: return 0x09;
    case OpKind::ioctl: return 0x0e;
    case OpKind::fs_control: return 0x0d;
    case OpKind::internal_ioctl: return 0x0f;
    case OpKind::shutdown: return 0x10;
    case OpKind::power: return 0x16;
    case OpKind::system_control: return 0x17;
    case OpKind::pnp: return 0x1b;
    case OpKind::close:
    case OpKind::cancel:
    case OpKind::interrupt:
    case OpKind::rewrite:
    case OpKind::unmap:
    case OpKind::wait: break;
  }
  return 0xff;
}

void send_request(const Operation& op, bool above) {
  if (above && op.kind == OpKind::open) return;  // there is no file object

  struct nt_request request{};
  request.op = op.id;
  request.major = major_function(op.kind);
  request.minor = op.minor;
  request.synchronous = op.synchronous;
  request.handle = above ? std::uint8_t{0} : op.handle;
  request.device = op.device;
  request.code = op.code;
  request.in_size = static_cast<m_u32>(op.data.size());
  request.out_size = op.out_size;
  request.offset = op.offset;
  request.in = op.data.data();
  request.user_pointers = op.pointers;
  request.cancelled = op.cancelled;
  nt_request(&request);
}

void perform(const Operation& op, bool above) {
  switch (op.kind) {
    case OpKind::close: nt_close(op.handle); return;
    case OpKind::cancel: nt_cancel(op.target, op.irql); return;
    case OpKind::rewrite: machine().user_rewrite(op.target, op.offset, op.data.data(), op.data.size()); return;
    case OpKind::unmap: machine().user_unmap(op.target); return;
    case OpKind::interrupt: machine().interrupt_assert(op.code, op.data.data(), op.data.size()); return;
    case OpKind::wait: machine().block(machine().time() + op.offset + 1, nullptr, nullptr); return;
    case OpKind::open:
    case OpKind::read:
    case OpKind::write:
    case OpKind::ioctl:
    case OpKind::flush:
    case OpKind::fs_control:
    case OpKind::internal_ioctl:
    case OpKind::query_information:
    case OpKind::set_information:
    case OpKind::shutdown:
    case OpKind::system_control:
    case OpKind::power:
    case OpKind::pnp: send_request(op, above); return;
  }
}

void user_thread(void* argument) {
  const auto& worker = *static_cast<Session::Worker*>(argument);
  const auto& operations = worker.session->scenario->operations;
  const auto& work = worker.session->work[worker.thread];
  for (const std::uint16_t index : work) {
    machine().operation_boundary(index, operations[index].id);
    perform(operations[index], worker.session->scenario->above);
  }
}

void start_user_threads(Session& session) {
  const auto& operations = session.scenario->operations;
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    session.work[operations[i].thread].push_back(static_cast<std::uint16_t>(i));
  }
  for (unsigned t = 1; t <= limits::kUserThreads; ++t) {
    if (session.work[t].empty()) continue;
    session.workers[t] = {&session, t};
    machine().create_user_thread(t, user_thread, &session.workers[t], session.work[t].front(),
                                 operations[session.work[t].front()].id);
  }
}

bool user_threads_done(const Session& session) {
  for (unsigned t = 1; t <= limits::kUserThreads; ++t)
    if (!session.work[t].empty() && machine().thread(t).state != Thread::State::finished) return false;
  return true;
}

// Lets everything run until nothing can; then, as long as `done` says no, lets time pass.
template <class Done>
void settle(Done done) {
  Machine& m = machine();
  const std::uint64_t before = m.timers_set();
  for (unsigned i = 0;; ++i) {
    m.wait_until_quiet();
    m.report_stuck(false);
    if (done()) return;
    // Periodic timers go on for ever. What was set before they wore out our patience may still bring the end.
    const bool to_come = m.has_timer_set_before(before);
    if (i >= kPatience && !to_come) return;
    if (m.advance_clock()) continue;
    if (to_come) m.end(Outcome::limit, "more than " + std::to_string(limits::kMaxIdleFires) + " timer expiries");
    return;
  }
}

// What the end of the process and the service control manager do, in that order: wait for the threads, cancel what is
// pending, close the handles, remove the device, unload the driver.
void tear_down(Session& session) {
  Machine& m = machine();
  settle([&] { return user_threads_done(session); });
  session.devices = nt_device_count();
  m.begin_context(Context::Kind::teardown, 0);
  const auto no_irps = [] { return nt_pending_irps() == 0; };
  nt_cancel_all();
  settle([&] { return no_irps() && user_threads_done(session); });
  if (!user_threads_done(session)) m.report_stuck(true);
  nt_emit_leftovers(0);
  nt_close_all();
  settle(no_irps);
  nt_emit_leftovers(1);
  nt_remove_device();
  if (!nt_unload()) return;
  m.wait_until_quiet();
  m.report_leftovers();
}

void session_main(void* argument) {
  Session& session = *static_cast<Session*>(argument);
  const auto unmaps = [](const Operation& op) { return op.kind == OpKind::unmap; };
  if (std::any_of(session.scenario->operations.begin(), session.scenario->operations.end(), unmaps)) machine().use_user_pages();
  nt_reset();
  if (session.image->hardware) nt_set_hardware(session.image->hardware);
  machine().device_answers(session.image->registers, session.image->register_count);
  nt_seed(session.image->registry, session.image->files);
  session.load_status = nt_load(session.image->entry, session.image->name);
  if (session.load_status & kSuccessMask) {
    machine().wait_until_quiet();
    machine().report_leftovers();
    return;
  }
  nt_set_hardware_ids(session.image->hardware_ids);
  session.device_status = nt_add_device(!session.scenario->above);
  start_user_threads(session);
  tear_down(session);
}

Strategy& strategy_for(StrategyId id) {
  static std::vector<std::unique_ptr<Strategy>> strategies(strategy_count());
  auto& strategy = strategies[static_cast<unsigned>(id)];
  if (!strategy) strategy = make_strategy(id);
  return *strategy;
}

unsigned schedule_in_progress = 0;

}  // namespace

RunResult run_once(const DriverImage& image, const Scenario& scenario, unsigned run, const RunOptions& options) {
  restore_driver_data();
  Strategy& strategy = strategy_for(scenario.schedule.strategy);
  strategy.begin(scenario.schedule, run);
  schedule_in_progress = run;
  static Session session;  // keeps its memory
  session.image = &image;
  session.scenario = &scenario;
  session.load_status = session.device_status = session.devices = 0;
  for (auto& work : session.work) work.clear();
  RunResult result = machine().run(image, scenario.cpus, strategy, options, session_main, &session);
  result.load_status = session.load_status;
  result.device_status = session.device_status;
  result.devices = session.devices;
  return result;
}

RunResult run(const DriverImage& image, const Scenario& scenario, const RunOptions& options) {
  RunResult result;
  for (unsigned i = 0; i < scenario.schedule.runs; ++i) {
    result = run_once(image, scenario, i, options);
    // Without a choice in the first run every other run is the same.
    if (result.outcome != Outcome::clean || !machine().had_choice()) break;
  }
  return result;
}

const Trace& last_trace() { return machine().trace(); }

unsigned last_schedule() { return schedule_in_progress; }

}  // namespace wdm
