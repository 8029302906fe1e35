#include "harness/mutate.h"

#include <algorithm>

#include "harness/mutate_parts.h"

namespace wdm {

namespace {

constexpr std::size_t kFewOperations = 8;

void cut_data(Scenario& scenario, std::size_t too_much) {
  for (Operation& op : scenario.operations) {
    const std::size_t cut = std::min(too_much, op.data.size());
    op.data.resize(op.data.size() - cut);
    too_much -= cut;
  }
}

// Gives up data first, then directives, then operations from the end.
std::vector<std::uint8_t> encode_within(Scenario& scenario, std::size_t max_size, const DriverProfile& profile) {
  const auto fits = [&] { return encoded_size(scenario) <= max_size; };
  if (!fits()) cut_data(scenario, encoded_size(scenario) - max_size);
  while (!fits() && !scenario.schedule.directives.empty()) scenario.schedule.directives.pop_back();
  while (!fits() && !scenario.operations.empty()) scenario.operations.pop_back();
  make_canonical(scenario);
  std::vector<std::uint8_t> bytes = encode(scenario, profile);
  bytes.resize(std::min(bytes.size(), max_size));
  return bytes;
}

std::size_t write(Scenario& scenario, std::uint8_t* data, std::size_t max_size, const DriverProfile& profile) {
  make_canonical(scenario);
  const std::vector<std::uint8_t> bytes = encode_within(scenario, max_size, profile);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

void mutate_one_half(Scenario& scenario, Random& random, const DriverProfile& profile, BlindMutation blind) {
  const std::size_t roll = random.below(100);
  if (roll >= 50) {
    const bool done = roll >= 90 && blind && mutate_blindly(scenario, random, blind);
    if (!done) mutate_operations(scenario, random, profile);
    if (random.percent(95)) begin_with_open(scenario, random, profile);
    make_canonical(scenario);
  }
  if (roll < 50 || random.percent(10))
    mutate_schedule(scenario, random, profile);
  else if (samples(scenario.schedule.strategy))
    scenario.schedule.seed = random.next();
}

// Ids of the second move out of the way of the first's.
void move_ids(const Scenario& a, Scenario& b) {
  std::uint16_t highest = 0;
  for (const Operation& op : a.operations) highest = std::max(highest, op.id);
  const auto moved = [&](std::uint32_t id) { return static_cast<std::uint16_t>(id + highest); };
  for (Operation& op : b.operations) {
    op.id = moved(op.id);
    if (fields_of(op.kind).target) op.target = moved(op.target);
  }
  for (Directive& d : b.schedule.directives)
    if (d.context.kind == Context::Kind::operation) d.context.number = moved(d.context.number);
}

// The front of one list and the back of the other.
void splice(Scenario& a, Scenario b, Random& random) {
  const std::size_t keep = a.operations.empty() ? 0 : random.between(1, a.operations.size());
  const std::size_t from = b.operations.empty() ? 0 : random.below(b.operations.size());
  a.operations.resize(keep);
  for (std::size_t i = from; i < b.operations.size(); ++i) {
    if (a.operations.size() >= kFewOperations && !random.percent(30)) break;
    a.operations.push_back(std::move(b.operations[i]));
  }
  if (random.percent(50)) a.schedule = std::move(b.schedule);
}

// One or two requests of the second between those of the first: what one input has found out, in the situation that the
// other has brought about.
void graft(Scenario& a, Scenario b, Random& random) {
  std::erase_if(b.operations, [](const Operation& op) { return op.kind == OpKind::open; });
  if (b.operations.empty()) return;
  const std::size_t from = random.below(b.operations.size());
  const std::size_t count = std::min(random.between(1, 2), b.operations.size() - from);
  const std::size_t at = a.operations.empty() ? 0 : random.between(1, a.operations.size());
  const auto first = b.operations.begin() + static_cast<std::ptrdiff_t>(from);
  a.operations.insert(a.operations.begin() + static_cast<std::ptrdiff_t>(at), first,
                      first + static_cast<std::ptrdiff_t>(count));
}

void cross(Scenario& a, Scenario b, Random& random) {
  move_ids(a, b);
  if (random.percent(50) && a.operations.size() + 2 <= limits::kMaxOperations)
    graft(a, std::move(b), random);
  else
    splice(a, std::move(b), random);
}

}  // namespace

Scenario random_scenario(std::uint64_t seed, const DriverProfile& profile) {
  Random random(seed);
  Scenario scenario;
  const auto threads = static_cast<unsigned>(1 + random.below(100) / 40);  // 1, 2, and half as often 3
  draw_operations(scenario, random.between(1, kFewOperations - 1), threads, random, profile);
  make_canonical(scenario);
  draw_schedule(scenario, random, profile);
  make_canonical(scenario);
  return scenario;
}

std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                   const DriverProfile& profile, BlindMutation blind) {
  Random random(seed);
  static Scenario scenario;  // keeps its memory: this runs before every execution
  decode_to(scenario, {data, size}, profile);
  if (scenario.operations.empty())
    scenario = random_scenario(random.next(), profile);
  else
    mutate_one_half(scenario, random, profile, blind);
  return write(scenario, data, max_size, profile);
}

std::size_t cross_over(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, std::uint8_t* out,
                       std::size_t max_size, unsigned seed, const DriverProfile& profile) {
  Random random(seed);
  Scenario scenario = decode(a, profile);
  cross(scenario, decode(b, profile), random);
  make_canonical(scenario);
  begin_with_open(scenario, random, profile);
  return write(scenario, out, max_size, profile);
}

}  // namespace wdm
