// The directory of a campaign, safe against a kill at any moment: corpus and findings get a name only when they are whole,
// and what a killed campaign left unfinished is sorted out when the next one opens the directory.
//
//   corpus/          inputs with something new, by content hash; never shrinks
//   findings/        NAME.scn minimised, NAME.txt its report, NAME.input as it was found
//                    caught-HASH: found, waits to be minimised; crash-HASH: being written by a worker
//   work/N/          what worker N writes by itself, until it is shared
//   log/worker-N.log what worker N prints
//   summary.json     how the last campaign ended
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace wdm {

class CampaignStore {
 public:
  // Creates what is missing, removes what is half-written, and takes over what workers of a killed campaign had finished.
  // Throws UserError when another campaign uses the directory.
  CampaignStore(std::filesystem::path out, unsigned jobs);
  ~CampaignStore();
  CampaignStore(const CampaignStore&) = delete;
  CampaignStore& operator=(const CampaignStore&) = delete;

  std::filesystem::path corpus() const { return out_ / "corpus"; }
  std::filesystem::path findings() const { return out_ / "findings"; }
  static std::filesystem::path work(const std::filesystem::path& out, unsigned worker);
  std::size_t corpus_size() const { return corpus_names_.size(); }

  // An empty directory for worker `worker`, once what its predecessor wrote is shared.
  void begin_worker(unsigned worker);
  // Puts what the workers have found since the last call into the corpus, and before the other workers' eyes.
  void share();
  // A scenario to begin with, under that name; another one of the name is replaced.
  void add_seed(const std::string& name, const std::vector<std::uint8_t>& input);
  // The input of a finding that the campaign goes on past: no worker has kept it, as its process died, and what lies
  // behind the finding is reached from there. Requires: one of caught().
  void keep(const std::filesystem::path& input);

  // Inputs of findings that wait to be minimised, in order of name. Whole artifacts of workers become such inputs here.
  std::vector<std::filesystem::path> caught();
  // How many of them were new to the last call of caught().
  std::size_t newly_caught() const { return newly_caught_; }
  // Minimised findings, in order of name.
  std::vector<std::filesystem::path> scenarios() const;
  // OUT/findings/WORD-N, without ending, with the first free N.
  std::filesystem::path free_stem(const std::string& word) const;

 private:
  void lock();
  void remove_unfinished();
  void read_corpus();
  void share_from(const std::filesystem::path& directory);
  void share_as(const std::string& name, const std::filesystem::path& file);

  std::filesystem::path out_;
  unsigned jobs_;
  int lock_ = -1;
  std::set<std::string> corpus_names_;
  std::size_t newly_caught_ = 0;
};

// "SpinLock" -> "spinlock", "NOT EMULATED: IoFoo" -> "not-emulated-iofoo"
std::string file_word(std::string_view what);
// First of DIRECTORY/WORD-1, -2, ... that no file with one of the endings of a finding has.
std::filesystem::path free_stem_in(const std::filesystem::path& directory, const std::string& word);
// SHA-1, by which libFuzzer names what it writes.
std::string content_hash(const std::string& content);
// Is the name that of a file which a process was still writing when it died (write_file)?
bool is_temporary_name(std::string_view name);

}  // namespace wdm
