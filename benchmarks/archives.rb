# Walks the archives of a published site (RFC 5005 §4) with Ruby's RSS library, which also validates each document.
#
#     ruby benchmarks/archives.rb PUBLIC
#
# PUBLIC is the folder of the site. It needs Debian's ruby-rss. Prints how many documents and entries there are, and
# fails if a document is invalid, or an entry is in more than one of them or has no page.

require "rss"
require "rss/atom"
require "uri"

folder = ARGV.fetch(0)
base = URI(RSS::Parser.parse(File.read("#{folder}/atom.xml")).links.find { |link| link.rel == "self" }.href)
counts = Hash.new(0)
documents = 0
address = base
while address
  path = address == base ? "atom.xml" : base.route_to(address).path
  feed = RSS::Parser.parse(File.read("#{folder}/#{path}"), validate: true)
  documents += 1
  feed.entries.each { |entry| counts[entry.id.content] += 1 }
  address = feed.links.find { |link| link.rel == "prev-archive" }&.then { |link| URI(link.href) }
end
repeated = counts.count { |_, number| number > 1 }
pages = Dir.children("#{folder}/entries").count { |name| name.end_with?(".html") }
puts "#{documents} documents, #{counts.size} entries, #{repeated} more than once; #{pages} pages"
abort "not every entry is there once" unless repeated.zero? && counts.size == pages
