// A scenario to bytes, so that decoding gives it back.

#include <algorithm>

#include "harness/scenario_binary.h"

namespace wdm {

namespace {

using namespace binary;

void encode_header(const Scenario& scenario, std::uint8_t* header) {
  const Schedule& schedule = scenario.schedule;
  header[kVersionAt] = kVersion;
  header[kCpusAt] = static_cast<std::uint8_t>(byte_of_cpus(scenario.cpus) | (scenario.above ? kAboveBit : 0) |
                                                   (scenario.schedule.faults ? kFaultsBit : 0));
  header[kOperationCountAt] = static_cast<std::uint8_t>(scenario.operations.size());
  header[kStrategyAt] = static_cast<std::uint8_t>(schedule.strategy);
  header[kRunsAt] = static_cast<std::uint8_t>((schedule.runs - 1) | (scenario.operations.size() >> 8) << 6);
  store(header + kDirectiveCountAt, static_cast<std::uint16_t>(schedule.directives.size()));
  store(header + kSeedAt, schedule.seed);
}

std::uint8_t code_index(std::uint32_t code, const std::vector<std::uint32_t>& ioctls) {
  const auto found = std::find(ioctls.begin(), ioctls.end(), code);
  if (found == ioctls.end()) return kRawCode;
  return static_cast<std::uint8_t>((found - ioctls.begin()) % kRawCode);
}

void encode_operation(const Operation& op, const DriverProfile& profile, std::uint8_t* record) {
  const unsigned handle = op.handle ? op.handle - 1u : 0;
  record[kOpKindAt] = static_cast<std::uint8_t>(op.kind);
  record[kOpWhoAt] =
      static_cast<std::uint8_t>((op.thread - 1u) | handle << 2 | op.pointers << 5 | (op.cancelled ? 0x80u : 0u));
  record[kOpDeviceAt] = op.device;
  record[kOpIrqlAt] = static_cast<std::uint8_t>((op.irql ? kDispatchBit : 0) | (op.synchronous ? kSynchronousBit : 0));
  record[kOpMinorAt] = op.minor;
  record[kOpCodeIndexAt] = fields_of(op.kind).code ? code_index(op.code, profile.ioctls) : 0;
  store(record + kOpIdAt, op.id);
  store(record + kOpTargetAt, op.target);
  store(record + kOpDataSizeAt, static_cast<std::uint16_t>(op.data.size()));
  store(record + kOpOutSizeAt, static_cast<std::uint16_t>(op.out_size));
  store(record + kOpCodeAt, op.code);
  store(record + kOpOffsetAt, op.offset);
}

void encode_directive(const Directive& d, std::uint8_t* record) {
  record[kDirectiveKindAt] = static_cast<std::uint8_t>(static_cast<unsigned>(d.kind) | d.phase << 2 |
                                                       static_cast<unsigned>(d.context.kind) << 4);
  record[kDirectiveActorAt] = d.actor;
  store(record + kDirectiveOccurrenceAt, d.occurrence);
  store(record + kDirectiveNumberAt, static_cast<std::uint16_t>(d.context.number));
  store(record + kDirectiveDdiAt, ddi_key(d.ddi));
}

}  // namespace

std::size_t encoded_size(const Scenario& scenario) {
  std::size_t size =
      kHeaderSize + scenario.operations.size() * kOpSize + scenario.schedule.directives.size() * kDirectiveSize;
  for (const Operation& op : scenario.operations) size += op.data.size();
  return size;
}

std::vector<std::uint8_t> encode(const Scenario& scenario, const DriverProfile& profile) {
  std::vector<std::uint8_t> bytes(encoded_size(scenario));
  encode_header(scenario, bytes.data());
  std::uint8_t* record = bytes.data() + kHeaderSize;
  std::uint8_t* payload = bytes.data() + bytes.size();
  for (const Operation& op : scenario.operations) {
    encode_operation(op, profile, record);
    record += kOpSize;
    payload -= op.data.size();
    std::copy(op.data.begin(), op.data.end(), payload);
  }
  for (const Directive& d : scenario.schedule.directives) {
    encode_directive(d, record);
    record += kDirectiveSize;
  }
  return bytes;
}

}  // namespace wdm
