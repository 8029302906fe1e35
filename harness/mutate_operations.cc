// Mutations of what user mode does. Few operations and few threads: a bug that needs more is rare, and each one more
// makes every schedule longer.

#include <algorithm>
#include <iterator>
#include <optional>

#include "harness/mutate_parts.h"

namespace wdm {

namespace {

using Operations = std::vector<Operation>;

constexpr std::size_t kFewOperations = 8;
constexpr std::size_t kManyOperations = 32;  // mutation adds none beyond: longer scenarios find no more, only slower
constexpr std::uint32_t kMethodNeither = 3;  // low bits of a control code: pointers come as they are

// Sizes of common structures and their neighbours.
constexpr std::uint16_t kSizes[] = {0,  0,  1,  2,  4,  4,  4,  8,  8,  8,  12,  16,  16,
                                    20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 256, 512};

struct Weight {
  OpKind kind;
  unsigned weight;
  unsigned major;  // IRP_MJ_* the driver has to have; kAnyDriver: it does not matter
};
constexpr unsigned kAnyDriver = 32;
constexpr Weight kUserWeights[] = {
    {OpKind::ioctl, 36, 0x0e},          {OpKind::read, 16, 0x03},       {OpKind::write, 14, 0x04},
    {OpKind::cancel, 16, kAnyDriver},   {OpKind::close, 6, kAnyDriver}, {OpKind::open, 4, kAnyDriver},
    {OpKind::wait, 4, kAnyDriver},      {OpKind::flush, 1, 0x09},       {OpKind::query_information, 1, 0x05},
    {OpKind::set_information, 1, 0x06}, {OpKind::shutdown, 1, 0x10},   {OpKind::fs_control, 6, 0x0d},
    {OpKind::rewrite, 2, 0x0e},         {OpKind::unmap, 1, 0x0e},
};
constexpr Weight kPnpWeights[] = {{OpKind::internal_ioctl, 8, 0x0f},
                                  {OpKind::system_control, 2, 0x17},
                                  {OpKind::power, 2, 0x16},
                                  {OpKind::pnp, 5, 0x1b}};

constexpr unsigned kInterruptWeight = 24;  // for a driver with a service routine: what it waits for

bool possible(const Weight& weight, const DriverProfile& profile) {
  return weight.major == kAnyDriver || (profile.majors >> weight.major & 1);
}

// Calls visit(kind, weight) for each kind that makes sense for the driver.
template <class Visit>
void for_possible(const DriverProfile& profile, Visit visit) {
  for (const Weight& w : kUserWeights)
    if (possible(w, profile)) visit(w.kind, w.weight);
  if (profile.interrupts) visit(OpKind::interrupt, kInterruptWeight);
  if (!profile.pnp) return;
  for (const Weight& w : kPnpWeights)
    if (possible(w, profile)) visit(w.kind, w.weight);
}

OpKind draw_kind(Random& random, const DriverProfile& profile) {
  std::size_t total = 0;
  for_possible(profile, [&](OpKind, unsigned weight) { total += weight; });
  std::size_t roll = random.below(total);
  OpKind drawn = OpKind::open;
  bool done = false;
  for_possible(profile, [&](OpKind kind, unsigned weight) {
    if (!done && roll < weight) drawn = kind, done = true;
    roll -= weight;
  });
  return drawn;
}

// Can an IRP of this operation stay pending in the driver?
bool can_pend(const Operation& op) {
  return fields_of(op.kind).cancelled && op.kind != OpKind::open;
}

std::uint16_t unused_id(const Operations& operations) {
  std::uint16_t id = 1;
  while (std::any_of(operations.begin(), operations.end(), [&](const Operation& op) { return op.id == id; })) ++id;
  return id;
}

std::uint8_t draw_thread(const Operations& operations, Random& random) {
  if (operations.empty()) return 1;
  if (random.percent(75)) return random.one_of(operations).thread;
  return static_cast<std::uint8_t>(random.between(1, 3));
}

// Mostly a handle that is open somewhere.
std::uint8_t draw_handle(const Operations& operations, Random& random) {
  std::vector<std::uint8_t> opened;
  for (const Operation& op : operations)
    if (op.kind == OpKind::open) opened.push_back(op.handle);
  if (!opened.empty() && !random.percent(3)) return random.one_of(opened);
  return static_cast<std::uint8_t>(random.between(1, 2));
}

std::uint32_t draw_code(Random& random, const DriverProfile& profile) {
  constexpr std::uint32_t kFirstCustom = 0x222000;  // FILE_DEVICE_UNKNOWN
  if (profile.ioctls.empty()) return kFirstCustom + static_cast<std::uint32_t>(random.below(32)) * 4;
  const bool handled = !profile.handled.empty() && !random.percent(10);
  const std::uint32_t code = random.one_of(handled ? profile.handled : profile.ioctls);
  if (random.percent(90)) return code;
  return random.percent(50) ? code ^ (1u << random.below(16)) : static_cast<std::uint32_t>(random.next());
}

// One of the driver's own numbers up to `limit`, when it has any.
std::optional<std::uint32_t> own_number(Random& random, const DriverProfile& profile, std::uint32_t limit = 0xffffffff) {
  const auto end = std::upper_bound(profile.numbers.begin(), profile.numbers.end(), limit);
  if (end == profile.numbers.begin()) return std::nullopt;
  return profile.numbers[random.below(static_cast<std::size_t>(end - profile.numbers.begin()))];
}

std::size_t draw_size(Random& random, const DriverProfile& profile, std::uint32_t limit) {
  const auto own = random.percent(40) ? own_number(random, profile, limit) : std::nullopt;
  return own ? *own : random.one_of(kSizes);
}

// Little-endian words: nothing, or one of the driver's own numbers, or two as bits together.
void fill_with_own_numbers(std::vector<std::uint8_t>& data, Random& random, const DriverProfile& profile) {
  for (std::size_t at = 0; at < data.size(); at += 4) {
    std::uint32_t word = random.percent(40) ? 0 : own_number(random, profile).value_or(0);
    if (word && random.percent(20)) word |= own_number(random, profile).value_or(0);
    for (std::size_t i = at; i < std::min(at + 4, data.size()); ++i, word >>= 8) data[i] = static_cast<std::uint8_t>(word);
  }
}

void fill(std::vector<std::uint8_t>& data, Random& random, const DriverProfile& profile) {
  if (random.percent(30)) return fill_with_own_numbers(data, random, profile);
  const std::size_t roll = random.below(100);
  if (roll < 30) return std::fill(data.begin(), data.end(), std::uint8_t{0});
  if (roll < 35) return std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  static constexpr std::size_t kWidths[] = {1, 2, 4, 4, 8};
  const std::size_t width = roll < 70 ? random.one_of(kWidths) : 0;  // little-endian numbers with small values
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::uint8_t>(!width           ? random.next()
                                        : i % width == 0 ? random.below(random.percent(50) ? 4 : 65)
                                                         : 0);
}

// Events that user mode has made: emu/nt/handle.h.
void put_event_handle(std::vector<std::uint8_t>& data, Random& random) {
  if (data.size() < 8) return;
  const std::size_t at = random.below(data.size() / 8) * 8;
  std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(at), 8, std::uint8_t{0});
  data[at] = static_cast<std::uint8_t>(4 * random.between(1, 2));
}

// What a device's registers say: mostly nothing, one bit, or what the driver looks for.
void draw_registers(std::vector<std::uint8_t>& data, Random& random, const DriverProfile& profile) {
  data.resize(random.percent(80) ? random.between(1, 6) : random.below(33));
  for (std::uint8_t& byte : data) {
    const std::size_t roll = random.below(4);
    byte = static_cast<std::uint8_t>(roll == 0   ? 0
                                     : roll == 1 ? 1u << random.below(8)
                                     : roll == 2 ? own_number(random, profile, 255).value_or(0)
                                                 : random.next());
  }
}

void draw_data(Operation& op, Random& random, const DriverProfile& profile) {
  if (op.kind == OpKind::interrupt) return draw_registers(op.data, random, profile);
  op.data.resize(draw_size(random, profile, limits::kMaxDataBytes));
  fill(op.data, random, profile);
  if (random.percent(8)) put_event_handle(op.data, random);
}

std::uint32_t draw_out_size(Random& random, const DriverProfile& profile) {
  if (random.percent(3)) return limits::kMaxOutBytes;
  return static_cast<std::uint32_t>(draw_size(random, profile, limits::kMaxOutBytes));
}

std::uint64_t draw_duration(Random& random) {
  constexpr std::uint64_t kDurations[] = {0, 10, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
  return random.one_of(kDurations);
}

std::uint64_t draw_offset(Random& random) {
  return random.percent(80) ? 0 : random.one_of(kSizes);
}

void draw_target(Operation& op, const Operations& operations, Random& random) {
  std::vector<std::uint16_t> pending;
  for (const Operation& other : operations)
    if (can_pend(other)) pending.push_back(other.id);
  if (!pending.empty())
    op.target = random.one_of(pending);
  else if (!operations.empty())
    op.target = random.one_of(operations).id;
}

// Cancels of what is gone, or never pends, get another target, most of the time.
void retarget_cancels(Operations& operations, Random& random) {
  const auto worth_it = [&](std::uint16_t id) {
    return std::any_of(operations.begin(), operations.end(),
                       [&](const auto& op) { return op.id == id && can_pend(op); });
  };
  for (Operation& op : operations)
    if (fields_of(op.kind).target && !worth_it(op.target) && !random.percent(5)) draw_target(op, operations, random);
}

// Few names, so that two files often have the same one.
void draw_name(Operation& op, Random& random) {
  static constexpr std::string_view kNames[] = {"\\a", "\\a", "\\a", "\\b", "\\a\\b", "\\"};
  op.data.clear();
  if (random.percent(10)) return;
  for (const char c : random.one_of(kNames)) op.data.insert(op.data.end(), {static_cast<std::uint8_t>(c), 0});
}

// What an open makes, and under which name, as far as the driver cares.
void draw_file(Operation& op, Random& random, const DriverProfile& profile) {
  constexpr unsigned kPipe = 1, kMailslot = 2, kNewFile = 3;
  const auto has = [&](unsigned major) { return (profile.majors >> major & 1) != 0; };
  const unsigned kind = random.percent(50) && has(0x13) ? kMailslot : random.percent(50) && has(0x01) ? kPipe : 0;
  op.minor = static_cast<std::uint8_t>(profile.majors == ~0u ? 0 : kind);
  if (!profile.names) return;
  draw_name(op, random);
  if (op.minor == 0 && random.percent(30)) op.minor = kNewFile;
}

// IRP_MN_* of IRP_MJ_PNP.
enum : std::uint8_t { kStart = 0, kQueryRemove, kRemove, kCancelRemove, kStop, kQueryStop, kCancelStop, kRelations, kSurprise = 0x17 };

// What changes a device's state comes more often than what only asks.
std::uint8_t draw_pnp_minor(Random& random) {
  static constexpr std::uint8_t kChanges[] = {kQueryStop, kQueryRemove, kQueryRemove, kSurprise, kSurprise, kStart, kRemove};
  if (random.percent(50)) return random.one_of(kChanges);
  if (random.percent(40)) return kRelations;
  return static_cast<std::uint8_t>(random.below(0x18));
}

std::uint8_t draw_minor(OpKind kind, Random& random) {
  switch (kind) {
    case OpKind::pnp: return draw_pnp_minor(random);
    case OpKind::power: return static_cast<std::uint8_t>(random.percent(70) ? 2 : 3);  // set, query
    case OpKind::system_control: return static_cast<std::uint8_t>(random.below(10));
    default: return 0;
  }
}

// Which system state, relation, ID, data block ...
std::uint32_t draw_stack_code(OpKind kind, Random& random) {
  if (kind == OpKind::system_control && random.percent(70))
    return static_cast<std::uint32_t>(1 + random.below(4) + (random.below(8) << 8));
  return static_cast<std::uint32_t>(random.below(8));
}

// What the PnP manager sends next when it is done with that.
std::optional<std::uint8_t> next_pnp_minor(std::uint8_t minor, Random& random) {
  switch (minor) {
    case kQueryStop: return random.percent(75) ? kStop : kCancelStop;
    case kStop: return kStart;
    case kQueryRemove: return random.percent(75) ? kRemove : kCancelRemove;
    case kSurprise: return kRemove;
    default: return std::nullopt;
  }
}

// Information classes that most drivers know: standard, basic, position, end of file; else one it seems to know.
std::uint32_t draw_class(Random& random, const DriverProfile& profile) {
  static constexpr std::uint32_t kClasses[] = {5, 4, 14, 20};
  constexpr std::uint32_t kLastClass = 64;
  if (random.percent(40))
    if (const auto own = own_number(random, profile, kLastClass)) return *own;
  return random.percent(75) ? kClasses[random.below(std::size(kClasses))] : static_cast<std::uint32_t>(random.below(24));
}

// Draws the field again when the operation has it.
void draw_code_of(Operation& op, Random& random, const DriverProfile& profile) {
  const char* key = fields_of(op.kind).code;
  if (!key) return;
  if (op.kind == OpKind::interrupt) {
    op.code = random.percent(90) ? 0 : static_cast<std::uint32_t>(random.below(kInterruptLines));
    return;
  }
  op.code = !*key                      ? draw_code(random, profile)
            : fields_of(op.kind).minor ? draw_stack_code(op.kind, random)
                                       : draw_class(random, profile);
}

unsigned bad_pointer_percent(const Operation& op) {
  return op.kind == OpKind::ioctl && (op.code & kMethodNeither) == kMethodNeither ? 10 : 2;
}

void draw_arguments(Operation& op, const Operations& operations, Random& random, const DriverProfile& profile) {
  const OpFields& has = fields_of(op.kind);
  if (has.handle) op.handle = draw_handle(operations, random);
  if (has.device) op.device = static_cast<std::uint8_t>(random.below(std::min<std::uint32_t>(profile.devices, 255)));
  draw_code_of(op, random, profile);
  if (op.kind == OpKind::open) return draw_file(op, random, profile);
  if (has.data) draw_data(op, random, profile);
  if (has.out) op.out_size = draw_out_size(random, profile);
  if (has.time) op.offset = draw_duration(random);
  if (has.offset) op.offset = draw_offset(random);
  if (has.minor) op.minor = draw_minor(op.kind, random);
  if (has.target) draw_target(op, operations, random);
  if (has.irql) op.irql = random.percent(30) ? 2 : 0;
  if (has.pointers && random.percent(bad_pointer_percent(op)))
    op.pointers = static_cast<std::uint8_t>(random.between(1, 3));
  if (has.cancelled && can_pend(op)) op.cancelled = random.percent(2);
}

Operation draw_operation(const Operations& operations, Random& random, const DriverProfile& profile) {
  Operation op;
  op.kind = draw_kind(random, profile);
  op.id = unused_id(operations);
  op.thread = draw_thread(operations, random);
  draw_arguments(op, operations, random, profile);
  if (op.kind == OpKind::open) op.handle = static_cast<std::uint8_t>(random.between(1, 3));
  if (op.kind == OpKind::open) op.synchronous = random.percent(10);
  return op;
}

Operation opening(const Operations& operations, Random& random, const DriverProfile& profile) {
  Operation op;
  op.id = unused_id(operations);
  op.thread = operations.empty() ? 1 : operations.front().thread;
  if (!operations.empty() && fields_of(operations.front().kind).handle) op.handle = operations.front().handle;
  if (profile.devices > 1)
    op.device = static_cast<std::uint8_t>(random.below(std::min<std::uint32_t>(profile.devices, 255)));
  draw_file(op, random, profile);
  return op;
}

void insert_at(Operations& operations, std::size_t at, Operation op) {
  operations.insert(operations.begin() + static_cast<std::ptrdiff_t>(at), std::move(op));
}

// After a PnP request, mostly what completes the sequence, now and then with other things between.
void follow_up(Operations& operations, std::size_t at, Random& random) {
  while (operations[at].kind == OpKind::pnp && random.percent(75)) {
    const auto minor = next_pnp_minor(operations[at].minor, random);
    if (!minor) return;
    Operation next = operations[at];
    next.id = unused_id(operations);
    next.minor = *minor;
    at = random.between(at + 1, std::min(at + 3, operations.size()));
    insert_at(operations, at, std::move(next));
  }
}

void insert(Operations& operations, Random& random, const DriverProfile& profile) {
  const std::size_t at = operations.empty() ? 0 : random.between(1, operations.size());
  insert_at(operations, at, draw_operation(operations, random, profile));
  follow_up(operations, at, random);
}

void remove(Operations& operations, Random& random) {
  if (operations.size() > 1)
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(random.below(operations.size())));
}

// Often on another thread: two of the same are a race.
void duplicate(Operations& operations, Random& random) {
  Operation copy = random.one_of(operations);
  copy.id = unused_id(operations);
  if (random.percent(50)) copy.thread = static_cast<std::uint8_t>(random.between(1, 3));
  insert_at(operations, random.between(1, operations.size()), std::move(copy));
}

void swap_two(Operations& operations, Random& random) {
  std::swap(random.one_of(operations), random.one_of(operations));
}

void insert_cancel(Operations& operations, Random& random) {
  Operation op;
  op.kind = OpKind::cancel;
  op.id = unused_id(operations);
  op.thread = static_cast<std::uint8_t>(random.between(1, 3));
  op.irql = random.percent(30) ? 2 : 0;
  draw_target(op, operations, random);
  insert_at(operations, random.between(1, operations.size()), op);
}

// Something that reaches the driver, if it has anything of the kind.
Operation draw_request(const Operations& operations, Random& random, const DriverProfile& profile) {
  constexpr unsigned kPatience = 16;
  Operation op = draw_operation(operations, random, profile);
  for (unsigned i = 0; i < kPatience && !can_pend(op); ++i) op = draw_operation(operations, random, profile);
  return op;
}

// Another handle, and something sent to it.
void append_opening(Operations& operations, Random& random, const DriverProfile& profile) {
  Operation op = opening({}, random, profile);
  op.id = unused_id(operations);
  op.thread = static_cast<std::uint8_t>(random.between(1, 3));
  op.handle = static_cast<std::uint8_t>(random.between(1, 3));
  operations.push_back(op);
  Operation request = draw_request(operations, random, profile);
  request.thread = op.thread;
  if (fields_of(request.kind).handle) request.handle = op.handle;
  operations.push_back(std::move(request));
}

// One to three bytes, or a word with one of the driver's own numbers.
void change_bytes(std::vector<std::uint8_t>& data, Random& random, const DriverProfile& profile) {
  if (data.size() >= 4 && random.percent(30)) {
    const std::size_t at = random.below(data.size() / 4) * 4;
    std::uint32_t word = own_number(random, profile).value_or(0);
    for (std::size_t i = at; i < at + 4; ++i, word >>= 8) data[i] = static_cast<std::uint8_t>(word);
    return;
  }
  for (std::size_t i = random.between(1, 3); i > 0; --i)
    random.one_of(data) = static_cast<std::uint8_t>(random.percent(50) ? random.below(65) : random.next());
}

// The length mostly stays: when it was right, only the contents have to be found.
void change_data(Operation& op, Random& random, const DriverProfile& profile) {
  const OpFields& has = fields_of(op.kind);
  if (op.kind == OpKind::open) return;
  if (has.data && (random.percent(60) || !has.out)) {
    const std::size_t roll = random.below(4);
    if (roll == 0 || op.data.empty()) return draw_data(op, random, profile);
    if (roll > 1) return change_bytes(op.data, random, profile);
    if (op.kind == OpKind::interrupt) return draw_registers(op.data, random, profile);
    fill(op.data, random, profile);
  } else if (has.out) {
    op.out_size = draw_out_size(random, profile);
  }
}

void change_one(Operation& op, const Operations& operations, Random& random, const DriverProfile& profile) {
  const Operation before = op;
  const std::size_t roll = random.below(100);
  if (roll < 20) {
    op.thread = static_cast<std::uint8_t>(random.between(1, 3));
  } else if (roll < 70) {
    change_data(op, random, profile);
  } else if (roll < 80) {
    draw_code_of(op, random, profile);
  }
  if (op == before) draw_arguments(op, operations, random, profile);
}

void change(Operations& operations, Random& random, const DriverProfile& profile) {
  std::size_t at = random.below(operations.size());
  const OpFields& has = fields_of(operations[at].kind);
  if (!has.data && !has.out && !has.code) at = random.below(operations.size());  // there is more to change in others
  change_one(operations[at], operations, random, profile);
}

void mutate_once(Operations& operations, Random& random, const DriverProfile& profile) {
  const std::size_t roll = random.below(100);
  const bool many = operations.size() >= kFewOperations;
  if (operations.empty() || (roll < 22 && !many)) return insert(operations, random, profile);
  if (roll < (many ? 50u : 32u)) return remove(operations, random);
  if (operations.size() + 2 > kManyOperations || roll < 65) return change(operations, random, profile);
  if (roll < 75) return swap_two(operations, random);
  if (roll < 87) return duplicate(operations, random);
  if (roll < 95) return insert_cancel(operations, random);
  append_opening(operations, random, profile);
}

// The engine's mutation of a number of so many bytes.
std::uint32_t blind_number(std::uint32_t value, std::size_t bytes, BlindMutation blind) {
  std::uint8_t buffer[4];
  for (std::size_t i = 0; i < 4; ++i) buffer[i] = static_cast<std::uint8_t>(value >> 8 * i);
  const std::size_t size = blind(buffer, bytes, bytes);
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < std::min(size, bytes); ++i) result |= std::uint32_t{buffer[i]} << 8 * i;
  return result;
}

void blind_data(std::vector<std::uint8_t>& data, BlindMutation blind) {
  const std::size_t before = data.size();
  data.resize(limits::kMaxDataBytes);
  const std::size_t after = blind(data.data(), before, data.size());
  data.resize(after ? std::min(after, data.size()) : before);
}

}  // namespace

void begin_with_open(Scenario& scenario, Random& random, const DriverProfile& profile) {
  Operations& operations = scenario.operations;
  const auto is_open = [](const Operation& op) { return op.kind == OpKind::open; };
  const auto first = std::find_if(operations.begin(), operations.end(), is_open);
  if (first != operations.end()) {
    std::rotate(operations.begin(), first, first + 1);
    return;
  }
  if (operations.size() == limits::kMaxOperations) operations.pop_back();
  insert_at(operations, 0, opening(operations, random, profile));
}

void draw_operations(Scenario& scenario, std::size_t count, unsigned threads, Random& random,
                     const DriverProfile& profile) {
  begin_with_open(scenario, random, profile);
  for (std::size_t i = 0; i < count; ++i) {
    const auto draw = i == 0 ? draw_request : draw_operation;
    scenario.operations.push_back(draw(scenario.operations, random, profile));
    scenario.operations.back().thread = static_cast<std::uint8_t>(random.between(1, threads));
  }
}

void mutate_operations(Scenario& scenario, Random& random, const DriverProfile& profile) {
  const std::size_t changes = random.percent(60) ? 1 : random.between(2, 3);
  for (std::size_t i = 0; i < changes; ++i) mutate_once(scenario.operations, random, profile);
  retarget_cancels(scenario.operations, random);
}

bool mutate_blindly(Scenario& scenario, Random& random, BlindMutation blind) {
  std::vector<Operation*> candidates;
  for (Operation& op : scenario.operations)
    if (op.kind != OpKind::open && (fields_of(op.kind).data || fields_of(op.kind).out)) candidates.push_back(&op);
  if (candidates.empty()) return false;
  Operation& op = *random.one_of(candidates);
  const OpFields& has = fields_of(op.kind);
  const std::size_t roll = random.below(100);
  if (roll < 15 && has.code)
    op.code = blind_number(op.code, 4, blind);
  else if (has.data && (roll < 85 || !has.out))
    blind_data(op.data, blind);
  else
    op.out_size = blind_number(op.out_size, 2, blind) % (limits::kMaxOutBytes + 1);
  return true;
}

}  // namespace wdm
