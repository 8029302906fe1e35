// Bytes to a scenario. Total: whatever is out of range is brought into it, whatever is missing is zero.

#include <algorithm>

#include "harness/scenario_binary.h"

namespace wdm {

namespace {

using namespace binary;
using Bytes = std::span<const std::uint8_t>;

// A value beyond the limit is folded, so that every value of a blind mutation is worth trying.
constexpr unsigned fold(unsigned value, unsigned limit) {
  return value <= limit ? value : value % (limit + 1);
}

constexpr unsigned kOpKindMask = 0x1f;

// The number as it is when there is such a kind; other bytes stand for the kinds in turn, mostly for ioctl.
OpKind op_kind(std::uint8_t byte) {
  if (byte < op_count()) return static_cast<OpKind>(byte);
  const unsigned folded = byte & kOpKindMask;
  return folded < op_count() ? static_cast<OpKind>(folded) : OpKind::ioctl;
}

StrategyId strategy(std::uint8_t byte) {
  return static_cast<StrategyId>(byte < strategy_count() ? byte : byte % strategy_count());
}

// The code itself is what counts when the driver has it; the index is there for bytes that nobody encoded.
std::uint32_t control_code(const std::uint8_t* record, const std::vector<std::uint32_t>& ioctls) {
  const auto code = load<std::uint32_t>(record + kOpCodeAt);
  const std::uint8_t index = record[kOpCodeIndexAt];
  if (index == kRawCode || ioctls.empty()) return code;
  if (std::find(ioctls.begin(), ioctls.end(), code) != ioctls.end()) return code;
  return ioctls[index % ioctls.size()];
}

bool is_ioctl(OpKind kind) {
  return kind == OpKind::ioctl || kind == OpKind::internal_ioctl || kind == OpKind::fs_control;
}

void decode_operation(const std::uint8_t* record, const DriverProfile& profile, Operation& op) {
  const std::uint8_t who = record[kOpWhoAt];
  op.kind = op_kind(record[kOpKindAt]);
  op.id = load<std::uint16_t>(record + kOpIdAt);
  op.thread = static_cast<std::uint8_t>((who & 3) + 1);
  op.handle = static_cast<std::uint8_t>((who >> 2 & 7) + 1);
  op.pointers = who >> 5 & 3;
  op.cancelled = (who & 0x80) != 0;
  op.device = record[kOpDeviceAt];
  op.irql = record[kOpIrqlAt] & kDispatchBit ? 2 : 0;
  op.synchronous = (record[kOpIrqlAt] & kSynchronousBit) != 0;
  op.minor = record[kOpMinorAt];
  op.target = load<std::uint16_t>(record + kOpTargetAt);
  op.out_size = fold(load<std::uint16_t>(record + kOpOutSizeAt), limits::kMaxOutBytes);
  op.code = is_ioctl(op.kind) ? control_code(record, profile.ioctls) : load<std::uint32_t>(record + kOpCodeAt);
  op.offset = load<std::uint64_t>(record + kOpOffsetAt);
  if (fields_of(op.kind).time) op.offset &= limits::kMaxWait_100ns;
}

// Takes the operation's data off the end of `payload`.
void take_data(const std::uint8_t* record, Bytes& payload, Operation& op) {
  op.data.clear();
  if (!fields_of(op.kind).data) return;
  const std::size_t wanted = fold(load<std::uint16_t>(record + kOpDataSizeAt), limits::kMaxDataBytes);
  const Bytes data = payload.last(std::min(wanted, payload.size()));
  op.data.assign(data.begin(), data.end());
  payload = payload.first(payload.size() - data.size());
}

// False when it names nothing: then it would do nothing.
bool decode_directive(const std::uint8_t* record, Directive& d) {
  const auto ddi = find_ddi_key(load<std::uint32_t>(record + kDirectiveDdiAt));
  if (!ddi) return false;
  const std::uint8_t kind = record[kDirectiveKindAt];
  d.kind = static_cast<Directive::Kind>((kind & 3) % 3);
  d.phase = (kind >> 2 & 3) % 3;
  d.context = {static_cast<Context::Kind>((kind >> 4) % 7), load<std::uint16_t>(record + kDirectiveNumberAt)};
  d.ddi = *ddi;
  d.occurrence = load<std::uint16_t>(record + kDirectiveOccurrenceAt);
  d.actor = record[kDirectiveActorAt];
  return true;
}

void decode_header(const std::uint8_t* header, Scenario& scenario) {
  scenario.cpus = cpus_of_byte(header[kCpusAt] & static_cast<std::uint8_t>(~(kAboveBit | kFaultsBit)));
  scenario.above = (header[kCpusAt] & kAboveBit) != 0;
  scenario.schedule.faults = (header[kCpusAt] & kFaultsBit) != 0;
  scenario.schedule.strategy = strategy(header[kStrategyAt]);
  scenario.schedule.runs = static_cast<std::uint16_t>((header[kRunsAt] & kRunsMask) + 1);
  scenario.schedule.seed = load<std::uint64_t>(header + kSeedAt);
}

// Takes as many records of `size` bytes off the front of `rest` as are wanted and there.
Bytes take_records(Bytes& rest, std::size_t wanted, std::size_t size) {
  const std::size_t count = std::min(wanted, rest.size() / size);
  const Bytes records = rest.first(count * size);
  rest = rest.subspan(count * size);
  return records;
}

}  // namespace

Scenario decode(std::span<const std::uint8_t> bytes, const DriverProfile& profile) {
  Scenario scenario;
  decode_to(scenario, bytes, profile);
  return scenario;
}

void decode_to(Scenario& scenario, std::span<const std::uint8_t> bytes, const DriverProfile& profile) {
  // Every version reads as version 1, so the version byte is not looked at.
  std::uint8_t header[kHeaderSize] = {};
  const std::size_t have = std::min(bytes.size(), sizeof header);
  std::copy_n(bytes.begin(), have, header);
  Bytes rest = bytes.subspan(have);

  scenario.driver.clear();
  scenario.expect.clear();
  scenario.schedule.directives.clear();
  decode_header(header, scenario);
  const Bytes operations =
      take_records(rest, std::min<std::size_t>(operation_count(header), limits::kMaxOperations), kOpSize);
  const std::size_t directive_count = load<std::uint16_t>(header + kDirectiveCountAt);
  const Bytes directives =
      take_records(rest, std::min<std::size_t>(directive_count, limits::kMaxDirectives), kDirectiveSize);

  scenario.operations.resize(operations.size() / kOpSize);
  for (std::size_t i = 0; i < scenario.operations.size(); ++i) {
    const std::uint8_t* record = operations.data() + i * kOpSize;
    decode_operation(record, profile, scenario.operations[i]);
    take_data(record, rest, scenario.operations[i]);
  }
  for (std::size_t i = 0; i < directives.size(); i += kDirectiveSize) {
    Directive d;
    if (decode_directive(directives.data() + i, d)) scenario.schedule.directives.push_back(d);
  }
  make_canonical(scenario);
}

Scenario parse(std::span<const std::uint8_t> bytes, const DriverProfile& profile) {
  Scenario scenario;
  parse_to(scenario, bytes, profile);
  return scenario;
}

void parse_to(Scenario& scenario, std::span<const std::uint8_t> bytes, const DriverProfile& profile) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("wdmfuzz "))
    scenario = from_text(text);
  else
    decode_to(scenario, bytes, profile);
}

}  // namespace wdm
