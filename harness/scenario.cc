#include "harness/scenario.h"

#include <algorithm>
#include <bitset>
#include <iterator>

#include "emu/machine/hypercall.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {

namespace {

constexpr std::string_view kWords[] = {
#define OP(name, word, text) word,
#include "harness/operations.def"
#undef OP
};

constexpr OpFields kOpen{.handle = true, .device = true, .minor = true, .data = true, .cancelled = true, .synchronous = true};
constexpr OpFields kHandleOnly{.handle = true};
constexpr OpFields kRead{.handle = true, .out = true, .offset = true, .pointers = true, .cancelled = true};
constexpr OpFields kWrite{.handle = true, .data = true, .offset = true, .pointers = true, .cancelled = true};
constexpr OpFields kIoctl{.handle = true, .data = true, .out = true, .pointers = true, .cancelled = true, .code = ""};
constexpr OpFields kInternalIoctl{.device = true, .data = true, .out = true, .cancelled = true, .code = ""};
constexpr OpFields kCancel{.target = true, .irql = true};
constexpr OpFields kWait{.time = true};
constexpr OpFields kFlush{.handle = true, .cancelled = true};
constexpr OpFields kQuery{.handle = true, .out = true, .pointers = true, .cancelled = true, .code = "class"};
constexpr OpFields kSet{.handle = true, .data = true, .pointers = true, .cancelled = true, .code = "class"};
constexpr OpFields kRewrite{.target = true, .data = true, .offset = true};
constexpr OpFields kUnmap{.target = true};
constexpr OpFields kInterrupt{.data = true, .code = "line"};
constexpr OpFields kStack{.device = true, .minor = true, .data = true, .out = true, .code = "code"};

void drop_other_fields(Operation& op) {
  const OpFields& has = fields_of(op.kind);
  if (!has.handle) op.handle = 0;
  if (!has.device) op.device = 0;
  if (!has.target) op.target = 0;
  if (!has.irql) op.irql = 0;
  if (!has.minor) op.minor = 0;
  if (!has.synchronous) op.synchronous = false;
  if (!has.data) op.data.clear();
  if (!has.out) op.out_size = 0;
  if (!has.offset && !has.time) op.offset = 0;
  if (!has.pointers) op.pointers = 0;
  if (!has.cancelled) op.cancelled = false;
  if (!has.code) op.code = 0;
}

void keep_limits(Operation& op) {
  const OpFields& has = fields_of(op.kind);
  op.thread = static_cast<std::uint8_t>(std::clamp<unsigned>(op.thread, 1, limits::kUserThreads));
  if (has.handle) op.handle = static_cast<std::uint8_t>(std::clamp<unsigned>(op.handle, 1, limits::kMaxHandles));
  op.irql = op.irql ? 2 : 0;
  if (op.kind == OpKind::open) op.minor = std::min<std::uint8_t>(op.minor, 3);
  op.pointers &= 3;
  op.out_size = std::min(op.out_size, limits::kMaxOutBytes);
  if (op.data.size() > limits::kMaxDataBytes) op.data.resize(limits::kMaxDataBytes);
  if (op.kind == OpKind::interrupt) op.code %= kInterruptLines;
  if (has.time) op.offset = std::min(op.offset, limits::kMaxWait_100ns);
}

using Operations = std::vector<Operation>;

// Ids by number: a scenario may have hundreds of operations, and each is asked for several times. Costs no allocation.
class IdSet {
 public:
  explicit IdSet(std::bitset<limits::kMaxOperationId + 1>& bits) : bits_(bits) {}
  ~IdSet() { bits_.reset(); }
  void add(const Operations& operations) {
    for (const Operation& op : operations) bits_.set(op.id);
  }
  void add(std::uint32_t id) { bits_.set(id); }
  bool has(std::uint32_t id) const { return bits_.test(id); }

 private:
  std::bitset<limits::kMaxOperationId + 1>& bits_;
};

// The first of several operations with one id keeps it.
void make_ids_unique(Operations& operations) {
  const auto rising = [](const Operation& a, const Operation& b) { return a.id >= b.id; };
  const bool first_exists = operations.empty() || operations.front().id != 0;
  if (first_exists && std::adjacent_find(operations.begin(), operations.end(), rising) == operations.end()) return;
  static std::bitset<limits::kMaxOperationId + 1> all_bits, seen_bits;
  IdSet all(all_bits), seen(seen_bits);
  all.add(operations);
  for (Operation& op : operations) {
    if (op.id == 0 || seen.has(op.id)) {
      op.id = 1;
      while (all.has(op.id)) ++op.id;
      all.add(op.id);
    }
    seen.add(op.id);
  }
}

void make_targets_exist(Operations& operations, const IdSet& ids) {
  for (Operation& op : operations)
    if (fields_of(op.kind).target && !ids.has(op.target)) op.target = operations[op.target % operations.size()].id;
}

bool known_actor(unsigned actor) {
  return actor < limits::kMaxThreads || (actor >= kActorIrq && actor < kActorCpu + limits::kMaxCpus) || actor == kActorClock;
}

// The machine counts contexts from 1, but there is one setup, number 0, and one teardown.
bool make_canonical(Context& context, const IdSet& ids) {
  switch (context.kind) {
    case Context::Kind::setup:
      context.number = 0;
      return true;
    case Context::Kind::teardown:
      context.number = 1;
      return true;
    case Context::Kind::operation:
      return context.number <= limits::kMaxOperationId && ids.has(context.number);
    case Context::Kind::dpc:
    case Context::Kind::thread:
    case Context::Kind::idle:
    case Context::Kind::interrupt:
      return context.number >= 1 && context.number <= 65535;
  }
  return false;
}

bool make_canonical(Directive& d, const IdSet& ids) {
  if (d.ddi >= DDI_COUNT || d.phase > MACH_BLOCKED) return false;
  d.occurrence = std::max<std::uint16_t>(d.occurrence, 1);
  switch (d.kind) {
    case Directive::Kind::hold:
      d.context = {};
      d.occurrence = 1;
      d.actor = 0;
      return true;
    case Directive::Kind::run:
      return known_actor(d.actor) && make_canonical(d.context, ids);
    case Directive::Kind::fail:
      return d.actor >= 1 && make_canonical(d.context, ids);
  }
  return false;
}

void make_canonical(Schedule& schedule, const IdSet& ids) {
  schedule.runs = std::clamp<std::uint16_t>(schedule.runs, 1, limits::kMaxRuns);
  if (schedule.strategy == StrategyId::directed) schedule.seed = 0, schedule.runs = 1;
  if (!samples(schedule.strategy)) schedule.faults = false;
  std::erase_if(schedule.directives, [&](Directive& d) { return !make_canonical(d, ids); });
  if (schedule.directives.size() > limits::kMaxDirectives) schedule.directives.resize(limits::kMaxDirectives);
}

}  // namespace

unsigned op_count() {
  return std::size(kWords);
}

std::string_view op_word(OpKind kind) {
  return kWords[static_cast<unsigned>(kind)];
}

std::optional<OpKind> find_op(std::string_view word) {
  const auto found = std::find(std::begin(kWords), std::end(kWords), word);
  if (found == std::end(kWords)) return std::nullopt;
  return static_cast<OpKind>(found - std::begin(kWords));
}

const OpFields& fields_of(OpKind kind) {
  switch (kind) {
    case OpKind::open:
      return kOpen;
    case OpKind::close:
    case OpKind::shutdown:
      return kHandleOnly;
    case OpKind::read:
      return kRead;
    case OpKind::write:
      return kWrite;
    case OpKind::ioctl:
    case OpKind::fs_control:
      return kIoctl;
    case OpKind::cancel:
      return kCancel;
    case OpKind::wait:
      return kWait;
    case OpKind::flush:
      return kFlush;
    case OpKind::internal_ioctl:
      return kInternalIoctl;
    case OpKind::query_information:
      return kQuery;
    case OpKind::set_information:
      return kSet;
    case OpKind::interrupt:
      return kInterrupt;
    case OpKind::rewrite:
      return kRewrite;
    case OpKind::unmap:
      return kUnmap;
    case OpKind::system_control:
    case OpKind::power:
    case OpKind::pnp:
      return kStack;
  }
  return kHandleOnly;
}

void make_canonical(Scenario& scenario) {
  scenario.cpus = static_cast<std::uint8_t>(std::clamp<unsigned>(scenario.cpus, 1, limits::kMaxCpus));
  if (scenario.operations.size() > limits::kMaxOperations) scenario.operations.resize(limits::kMaxOperations);
  for (Operation& op : scenario.operations) {
    drop_other_fields(op);
    keep_limits(op);
  }
  make_ids_unique(scenario.operations);
  static std::bitset<limits::kMaxOperationId + 1> bits;
  IdSet ids(bits);
  ids.add(scenario.operations);
  make_targets_exist(scenario.operations, ids);
  make_canonical(scenario.schedule, ids);
}

}  // namespace wdm
