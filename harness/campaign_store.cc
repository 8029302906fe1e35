#include "harness/campaign_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>
#include <cctype>

#include "harness/cli.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kHashDigits = 40;
constexpr std::string_view kCaught = "caught-";

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string_view after_dash(std::string_view name) { return name.substr(name.rfind('-') + 1); }

// A file is whole when it has the content that its name says. A name without a hash promises nothing, so its file counts as whole.
bool is_whole(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::string_view hash = after_dash(name);
  if (!is_hash(hash)) return true;
  try {
    return content_hash(read_text(file)) == hash;
  } catch (const UserError&) {
    return false;  // it is gone: its worker has a smaller one
  }
}

bool is_artifact(std::string_view name) {
  static constexpr std::string_view kPrefixes[] = {"crash-", "oom-", "timeout-", "leak-"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](auto prefix) { return name.starts_with(prefix); });
}

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Gives a whole file a second name. On file systems without links: a copy.
void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (!error || fs::exists(to)) return;
  try {
    write_file(to, read_file(from), Existing::replace);
  } catch (const UserError&) {
    // The worker has just replaced it by a smaller one.
  }
}

}  // namespace

std::string content_hash(const std::string& content) {
  boost::uuids::detail::sha1 hash;
  hash.process_bytes(content.data(), content.size());
  boost::uuids::detail::sha1::digest_type digest;
  hash.get_digest(digest);
  std::string text;
  for (const auto word : digest) text += fmt::format("{:0{}x}", word, 2 * sizeof word);
  return text;
}

std::string file_word(std::string_view what) {
  std::string word;
  for (const unsigned char c : what) {
    if (std::isalnum(c)) word += static_cast<char>(std::tolower(c));
    else if (!word.empty() && word.back() != '-') word += '-';
  }
  return word.substr(0, 60);
}

fs::path free_stem_in(const fs::path& directory, const std::string& word) {
  for (unsigned n = 1;; ++n) {
    const fs::path stem = directory / fmt::format("{}-{}", word, n);
    const auto taken = [&](const char* ending) { return fs::exists(stem.string() + ending); };
    if (!taken(".scn") && !taken(".txt") && !taken(".input")) return stem;
  }
}

bool is_temporary_name(std::string_view name) {
  const std::size_t mark = name.rfind(".tmp");
  return mark != name.npos && mark + 4 < name.size() && name.find_first_not_of("0123456789", mark + 4) == name.npos;
}

CampaignStore::CampaignStore(fs::path out, unsigned jobs) : out_(std::move(out)), jobs_(jobs) {
  for (const char* part : {"corpus", "findings", "log", "work"}) fs::create_directories(out_ / part);
  lock();
  remove_unfinished();
  read_corpus();
  for (const auto& entry : fs::directory_iterator(out_ / "work"))
    if (entry.is_directory()) share_from(entry.path());
  fs::remove_all(out_ / "work");
  fs::remove(out_ / "summary.json");
}

CampaignStore::~CampaignStore() {
  if (lock_ >= 0) ::close(lock_);
}

fs::path CampaignStore::work(const fs::path& out, unsigned worker) { return out / "work" / std::to_string(worker); }

// A record lock: it dies with this process and does not pass to the workers, which may outlive it for a moment.
void CampaignStore::lock() {
  lock_ = ::open((out_ / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (lock_ < 0) throw UserError(out_.string() + ": cannot be written; choose another --out");
  if (::fcntl(lock_, F_SETLK, &whole) != 0)
    throw UserError(out_.string() + ": another campaign is using it; wait for it, or choose another --out");
}

void CampaignStore::remove_unfinished() {
  for (const fs::path& directory : {out_, corpus(), findings()})
    for (const fs::path& file : files_in(directory))
      if (is_temporary_name(file.filename().string())) fs::remove(file);
  for (const fs::path& file : files_in(findings()))
    if (is_artifact(file.filename().string()) && !is_whole(file)) fs::remove(file);
}

void CampaignStore::read_corpus() {
  for (const fs::path& file : files_in(corpus())) {
    if (is_whole(file))
      corpus_names_.insert(file.filename().string());
    else
      fs::remove(file);  // of a computer that lost power
  }
}

void CampaignStore::begin_worker(unsigned worker) {
  const fs::path directory = work(out_, worker);
  share_from(directory);
  fs::remove_all(directory);
  fs::create_directories(directory);
}

void CampaignStore::share() {
  for (unsigned i = 0; i < jobs_; ++i) share_from(work(out_, i));
}

void CampaignStore::share_from(const fs::path& directory) {
  for (const fs::path& file : files_in(directory)) {
    const std::string name = file.filename().string();
    if (is_hash(name) && !corpus_names_.contains(name) && is_whole(file)) share_as(name, file);
  }
}

void CampaignStore::share_as(const std::string& name, const fs::path& file) {
  // A worker reloads what is younger than its last look.
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
  link_or_copy(file, corpus() / name);
  for (unsigned i = 0; i < jobs_; ++i)
    if (fs::exists(work(out_, i))) link_or_copy(file, work(out_, i) / name);
  if (fs::exists(corpus() / name)) corpus_names_.insert(name);
}

void CampaignStore::add_seed(const std::string& name, const std::vector<std::uint8_t>& input) {
  write_file(corpus() / name, input, Existing::replace);
  corpus_names_.insert(name);
}

void CampaignStore::keep(const fs::path& input) {
  share_as(std::string(after_dash(input.filename().string())), input);
}

// The new name makes room for another artifact of the same content, which would be written over this one otherwise.
std::vector<fs::path> CampaignStore::caught() {
  newly_caught_ = 0;
  for (const fs::path& file : files_in(findings())) {
    const std::string name = file.filename().string();
    if (!is_artifact(name) || !is_whole(file)) continue;
    fs::rename(file, findings() / fmt::format("{}{}", kCaught, after_dash(name)));
    ++newly_caught_;
  }
  std::vector<fs::path> inputs;
  for (const fs::path& file : files_in(findings()))
    if (file.filename().string().starts_with(kCaught)) inputs.push_back(file);
  return inputs;
}

std::vector<fs::path> CampaignStore::scenarios() const {
  std::vector<fs::path> scenarios;
  for (const fs::path& file : files_in(findings()))
    if (file.extension() == ".scn") scenarios.push_back(file);
  return scenarios;
}

fs::path CampaignStore::free_stem(const std::string& word) const { return free_stem_in(findings(), word); }

}  // namespace wdm
