BEGIN TRANSACTION;
CREATE TABLE added (
	name TEXT NOT NULL, 
	settings JSON NOT NULL, 
	title TEXT NOT NULL, 
	link TEXT, 
	added_at BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "added" VALUES('tides','{"feed":"https://feeds.example.net/rss.xml"}','Tides',NULL,1767323045000000);
CREATE TABLE awaited (
	source TEXT NOT NULL, 
	path TEXT NOT NULL, 
	link TEXT NOT NULL, 
	version TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	due_at BIGINT NOT NULL, 
	again BOOLEAN NOT NULL, 
	saved BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	draft TEXT NOT NULL, 
	PRIMARY KEY (source, path)
);
CREATE TABLE bot_addresses (
	address TEXT NOT NULL, 
	chat INTEGER NOT NULL, 
	PRIMARY KEY (address), 
	FOREIGN KEY(chat) REFERENCES bot_chats (id)
);
INSERT INTO "bot_addresses" VALUES('@made_up_channel',1);
CREATE TABLE bot_calls (
	id INTEGER NOT NULL, 
	chat INTEGER NOT NULL, 
	called_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(chat) REFERENCES bot_chats (id)
);
INSERT INTO "bot_calls" VALUES(1,1,1767326645000000);
CREATE TABLE bot_chats (
	id INTEGER NOT NULL, 
	number BIGINT, 
	kind TEXT, 
	title TEXT, 
	language TEXT, 
	look TEXT, 
	invited BOOLEAN, 
	next_call_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (number)
);
INSERT INTO "bot_chats" VALUES(1,NULL,NULL,NULL,NULL,NULL,NULL,1767326647000000);
CREATE TABLE bot_deliveries (
	id INTEGER NOT NULL, 
	chat INTEGER NOT NULL, 
	subscription INTEGER NOT NULL, 
	entry TEXT NOT NULL, 
	part INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	form TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	doubts INTEGER NOT NULL, 
	due_at BIGINT, 
	claim TEXT, 
	lease_ends_at BIGINT, 
	called_at BIGINT, 
	message BIGINT, 
	album TEXT, 
	shown TEXT, 
	digest INTEGER, 
	error TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (subscription, entry, part), 
	CONSTRAINT bot_kind CHECK (kind IN ('post', 'digest')), 
	CONSTRAINT bot_state CHECK (state IN ('pending', 'sending', 'sent', 'unknown', 'failed', 'dropped', 'waiting', 'told')), 
	CONSTRAINT bot_form CHECK (form IN ('album', 'photo', 'upload', 'text', 'plain')), 
	FOREIGN KEY(chat) REFERENCES bot_chats (id), 
	FOREIGN KEY(subscription) REFERENCES bot_subscriptions (id), 
	FOREIGN KEY(digest) REFERENCES bot_deliveries (id)
);
INSERT INTO "bot_deliveries" VALUES(1,1,1,'https://example.org/harbour',0,'post','sent','photo',1,0,NULL,'805e3ac0399895f5',NULL,1767323045000000,7,NULL,NULL,NULL,NULL);
INSERT INTO "bot_deliveries" VALUES(2,1,1,'https://example.org/rain',0,'post','failed','photo',1,0,NULL,'773eec5b510d1f2d',NULL,1767323045000000,NULL,NULL,NULL,NULL,'made up');
INSERT INTO "bot_deliveries" VALUES(3,1,1,'urn:uuid:0481f568-dd0a-5783-8133-5d137777ff6f',0,'post','unknown','photo',1,1,NULL,'b5e281ebaf106e21',NULL,1767326645000000,NULL,NULL,NULL,NULL,'made up');
CREATE TABLE bot_searches (
	"key" TEXT NOT NULL, 
	"query" TEXT NOT NULL, 
	used_at BIGINT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE bot_subscriptions (
	id INTEGER NOT NULL, 
	chat INTEGER NOT NULL, 
	topic BIGINT NOT NULL, 
	owner TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	configured BOOLEAN NOT NULL, 
	paused BOOLEAN NOT NULL, 
	repost BOOLEAN NOT NULL, 
	last_number BIGINT, 
	hour_began_at BIGINT, 
	hour_posts INTEGER, 
	off_reason TEXT, 
	off_since BIGINT, 
	off_tries INTEGER NOT NULL, 
	next_try_at BIGINT, 
	created_by BIGINT, 
	created_at BIGINT, 
	PRIMARY KEY (id), 
	CONSTRAINT bot_owner CHECK (owner IN ('config', 'chat')), 
	FOREIGN KEY(chat) REFERENCES bot_chats (id)
);
INSERT INTO "bot_subscriptions" VALUES(1,1,0,'config','{"max_age":"999d"}',1,0,1,7,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL);
CREATE TABLE bot_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT bot_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "bot_version" VALUES('0003');
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('changes',8);
INSERT INTO "counters" VALUES('entries',7);
CREATE TABLE documents (
	source TEXT NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	digest TEXT NOT NULL, 
	error TEXT, 
	articles INTEGER NOT NULL, 
	again BOOLEAN NOT NULL, 
	PRIMARY KEY (source, path)
);
INSERT INTO "documents" VALUES('mirror','broken.html',61,1700000000000000000,'8a78ba75babde1790ef12d3060b494a9',NULL,1,0);
INSERT INTO "documents" VALUES('mirror','copy-of-harbour.md',177,1700000000000000000,'b88045a6c5617ba5208c3ba9ac289216',NULL,1,0);
INSERT INTO "documents" VALUES('mirror','harbour.md',164,1700000000000000000,'05a3ba457b6a41aeb5f903ae0c4a712b',NULL,1,0);
INSERT INTO "documents" VALUES('mirror','lantern.md',92,1700000000000000000,'9836a8a7dac83475ee26c25c8f0fd002',NULL,1,0);
INSERT INTO "documents" VALUES('mirror','rain.md',136,1700000000000000000,'0af9baa3d840d45e7476db79f69a185a',NULL,1,0);
INSERT INTO "documents" VALUES('tides','d83632394ce5e03b',0,0,'1c4fffc3829572e09bfcd6c11b031624',NULL,1,0);
INSERT INTO "documents" VALUES('tides','a3a115ac36100ad1',0,0,'e25e1e592e851c6340b8cdcaeed0f316',NULL,1,0);
CREATE TABLE edges (
	source TEXT NOT NULL, 
	path TEXT NOT NULL, 
	articles JSON NOT NULL, 
	PRIMARY KEY (source, path)
);
INSERT INTO "edges" VALUES('mirror','broken.html','[["mirror",[],[]]]');
INSERT INTO "edges" VALUES('mirror','copy-of-harbour.md','[["example.org",["857bdaaa39d75261"],[]]]');
INSERT INTO "edges" VALUES('mirror','harbour.md','[["example.org",["857bdaaa39d75261"],[]]]');
INSERT INTO "edges" VALUES('mirror','lantern.md','[["mirror",["ce6da94cab4d0ee8"],[]]]');
INSERT INTO "edges" VALUES('mirror','rain.md','[["example.org",["d8d4fccc8123cf86"],[]]]');
CREATE TABLE entries (
	number INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	id TEXT NOT NULL, 
	link TEXT, 
	link_key TEXT, 
	text_key TEXT, 
	title TEXT NOT NULL, 
	version TEXT NOT NULL, 
	published BIGINT NOT NULL, 
	updated BIGINT NOT NULL, 
	updated_tie INTEGER NOT NULL, 
	published_from TEXT NOT NULL, 
	first_seen_at BIGINT NOT NULL, 
	held_source TEXT NOT NULL, 
	held_address TEXT NOT NULL, 
	language TEXT, 
	rights TEXT, 
	source JSON NOT NULL, 
	links JSON NOT NULL, 
	authors JSON NOT NULL, 
	credits JSON NOT NULL, 
	categories JSON NOT NULL, 
	media JSON NOT NULL, 
	cut JSON NOT NULL, 
	read_from JSON NOT NULL, 
	summary TEXT NOT NULL, 
	content TEXT NOT NULL, copy_of BIGINT, 
	PRIMARY KEY (number), 
	UNIQUE (position), 
	UNIQUE (changed), 
	UNIQUE ("key")
);
INSERT INTO "entries" VALUES(1,27200000000,1,'13d433d103041e80','urn:uuid:986ad1ba-782e-5bc4-a38b-8ec47b061cbc',NULL,NULL,NULL,'nothing','7a44cb1935b6f327',1700000000000000,1700000000000000,0,'file time',1767323045000000,'mirror','articles/broken.html',NULL,NULL,'{"title":"mirror","id":"urn:uuid:c9f4dde9-d2c4-5101-a306-7b8442c44fd9","name":"mirror"}','[]','[]','[]','[]','[]','[]','{"title":"<title>","source":"configuration","published":"file time","updated":"published"}','','',NULL);
INSERT INTO "entries" VALUES(2,28194508800,2,'7f2e7d57697da604','https://example.org/harbour','https://example.org/harbour','f23f5969cc27a39fdb9c498b37fe15f1',NULL,'The harbour froze over','f5d0e96543439e19',1762156800000000,1762156800000000,0,'front matter',1767323045000000,'mirror','articles/copy-of-harbour.md','en',NULL,'{"title":"example.org","id":"https://example.org/","link":"https://example.org/","name":"mirror"}','[]','[]','[]','[]','[]','[]','{"title":"front matter: title","summary":"first paragraphs","content":"body, as Markdown","source":"host of the link","link":"front matter: link","language":"script and words","published":"front matter: date","updated":"published"}','The ferries stayed in, and people walked across to the islands.','<p>The ferries stayed in, and people walked across to the islands.</p>',NULL);
INSERT INTO "entries" VALUES(4,28197273600,4,'4a2393115bf140e9','urn:uuid:0481f568-dd0a-5783-8133-5d137777ff6f',NULL,NULL,NULL,'A lantern festival','ce09a2b4ac92ddcb',1762329600000000,1762329600000000,0,'front matter',1767323045000000,'mirror','articles/lantern.md','pt',NULL,'{"title":"mirror","id":"urn:uuid:c9f4dde9-d2c4-5101-a306-7b8442c44fd9","name":"mirror"}','[]','[]','[]','[]','[]','[]','{"title":"front matter: title","summary":"first paragraphs","content":"body, as Markdown","source":"configuration","language":"script and words","published":"front matter: date","updated":"published"}','A thousand lanterns, no link.','<p>A thousand lanterns, no link.</p>',NULL);
INSERT INTO "entries" VALUES(5,28195891200,5,'008e4c062edc6d11','https://example.org/rain','https://example.org/rain','914c78113700304fcfc1d7aabce9e379',NULL,'山里下了三天的雨','aee8c63fadb5af40',1762243200000000,1762243200000000,0,'front matter',1767323045000000,'mirror','articles/rain.md','zh-Hant',NULL,'{"title":"example.org","id":"https://example.org/","link":"https://example.org/","name":"mirror"}','[]','[]','[]','[]','[]','[]','{"title":"front matter: title","summary":"first paragraphs","content":"body, as Markdown","source":"host of the link","link":"front matter: link","language":"script and words","published":"front matter: date","updated":"published"}','河水漲了，橋也不能走了。','<p>河水漲了，橋也不能走了。</p>',NULL);
INSERT INTO "entries" VALUES(6,28200038400,7,'d83632394ce5e03b','https://example.net/low','https://example.net/low','a6ef445a5ea73dc04b143657eef694cf',NULL,'Low tide','05c38f7acfd81165',1762502400000000,1762502400000000,0,'feed',1767323045000000,'tides','https://feeds.example.net/rss.xml','en',NULL,'{"title":"Tides","id":"https://example.net/","link":"https://example.net/","name":"tides"}','[]','[]','[]','[]','[]','[]','{"title":"feed: title","summary":"first paragraphs","content":"feed: description","source":"feed","link":"feed: link","language":"script and words","published":"feed: pubdate","updated":"published"}','One could walk to the wreck.','<p>One could walk to the wreck.</p>',NULL);
INSERT INTO "entries" VALUES(7,28198656000,8,'a3a115ac36100ad1','urn:uuid:8fcf5535-2932-5a6c-9ab5-ac1216030eb8','https://example.net/high','581267e893227d6f8e13f157fd277be3',NULL,'High tide','5367932c5aa4e0cd',1762416000000000,1762416000000000,0,'feed',1767323045000000,'tides','https://feeds.example.net/rss.xml',NULL,NULL,'{"title":"Tides","id":"https://example.net/","link":"https://example.net/","name":"tides"}','[]','[]','[]','[]','[]','[]','{"title":"feed: title","summary":"first paragraphs","content":"feed: description","source":"feed","link":"feed: link","published":"feed: pubdate","updated":"published"}','The water came over the wall.','<p>The water came over the wall.</p>',NULL);
CREATE TABLE feeder_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT feeder_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "feeder_version" VALUES('0009');
CREATE TABLE names (
	source TEXT NOT NULL, 
	name TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (name, source, number), 
	FOREIGN KEY(number) REFERENCES entries (number) ON DELETE CASCADE
);
INSERT INTO "names" VALUES('tides','gd83632394ce5e03b377000b',6);
INSERT INTO "names" VALUES('tides','l24b5f8862f379224b9bf158',6);
INSERT INTO "names" VALUES('tides','m51f8aae84a8ad0037ea817d',6);
INSERT INTO "names" VALUES('tides','g97bd63e88075139eb5f7ff3',7);
INSERT INTO "names" VALUES('tides','lfa0380c68860575a62d5fc0',7);
INSERT INTO "names" VALUES('tides','e383321a5de1a16dd3776cc4',7);
INSERT INTO "names" VALUES('tides','m05aea0a409d30f44892f65b',7);
CREATE TABLE notes (
	name TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "notes" VALUES('store','schemas');
INSERT INTO "notes" VALUES('boilerplate applied: mirror','44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
INSERT INTO "notes" VALUES('last_ingest_at','2026-01-02T03:04:05Z');
INSERT INTO "notes" VALUES('baselines','{"mirror": [[1, 5]], "tides": [[6, null]]}');
CREATE TABLE origins (
	number INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	address TEXT NOT NULL, 
	known_as TEXT, 
	PRIMARY KEY (number, source, address), 
	FOREIGN KEY(number) REFERENCES entries (number) ON DELETE CASCADE
);
INSERT INTO "origins" VALUES(1,'mirror','articles/broken.html',NULL);
INSERT INTO "origins" VALUES(2,'mirror','articles/copy-of-harbour.md',NULL);
INSERT INTO "origins" VALUES(2,'mirror','articles/harbour.md',NULL);
INSERT INTO "origins" VALUES(4,'mirror','articles/lantern.md',NULL);
INSERT INTO "origins" VALUES(5,'mirror','articles/rain.md',NULL);
INSERT INTO "origins" VALUES(6,'tides','https://feeds.example.net/rss.xml',NULL);
INSERT INTO "origins" VALUES(7,'tides','https://feeds.example.net/rss.xml',NULL);
CREATE TABLE pages (
	source TEXT NOT NULL, 
	path TEXT NOT NULL, 
	version TEXT NOT NULL, 
	rules TEXT NOT NULL, 
	fetched_at BIGINT NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	late BOOLEAN NOT NULL, 
	article TEXT NOT NULL, 
	PRIMARY KEY (source, path)
);
CREATE TABLE paused (
	source TEXT NOT NULL, 
	paused_at BIGINT NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "paused" VALUES('tides',1767323045000000);
CREATE TABLE pictures (
	number BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	PRIMARY KEY (number, name), 
	FOREIGN KEY(number) REFERENCES entries (number) ON DELETE CASCADE
);
CREATE TABLE polls (
	source TEXT NOT NULL, 
	feed_url TEXT NOT NULL, 
	address TEXT NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	digest TEXT, 
	next_check_at BIGINT, 
	last_check_at BIGINT, 
	last_success_at BIGINT, 
	interval_s BIGINT NOT NULL, 
	asked_s BIGINT, 
	skip_hours JSON NOT NULL, 
	skip_days JSON NOT NULL, 
	failures INTEGER NOT NULL, 
	error TEXT, 
	moved_to TEXT, 
	moved_seen INTEGER NOT NULL, 
	gone_at BIGINT, 
	hub TEXT, 
	topic TEXT, 
	PRIMARY KEY (source)
);
INSERT INTO "polls" VALUES('tides','https://feeds.example.net/rss.xml','https://feeds.example.net/rss.xml',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,'[]','[]',0,NULL,NULL,0,NULL,NULL,NULL);
CREATE TABLE remote_pictures (
	"key" TEXT NOT NULL, 
	address TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at BIGINT, 
	error TEXT, 
	PRIMARY KEY ("key")
);
CREATE TABLE removals (
	number INTEGER NOT NULL, 
	changed BIGINT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "removals" VALUES(3,6);
CREATE TABLE removed_sources (
	source TEXT NOT NULL, 
	PRIMARY KEY (source)
);
CREATE TABLE renditions (
	"key" TEXT NOT NULL, 
	name TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	length BIGINT NOT NULL, 
	PRIMARY KEY ("key", name), 
	FOREIGN KEY("key") REFERENCES remote_pictures ("key") ON DELETE CASCADE
);
CREATE TABLE replayed (
	replay TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	shown_at BIGINT NOT NULL, 
	PRIMARY KEY (replay, "key")
);
CREATE TABLE retired (
	"key" TEXT NOT NULL, 
	source TEXT NOT NULL, 
	retired_at BIGINT NOT NULL, 
	PRIMARY KEY ("key", source)
);
CREATE TABLE revisions (
	number BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	corrected_at BIGINT NOT NULL, 
	title TEXT NOT NULL, 
	text TEXT, 
	PRIMARY KEY (number, changed), 
	FOREIGN KEY(number) REFERENCES entries (number) ON DELETE CASCADE
);
CREATE TABLE shown_pictures (
	number BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (number, "key"), 
	FOREIGN KEY(number) REFERENCES entries (number) ON DELETE CASCADE
);
CREATE TABLE subscriptions (
	token TEXT NOT NULL, 
	callback TEXT NOT NULL, 
	source TEXT NOT NULL, 
	hub TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	next_try_at BIGINT NOT NULL, 
	leaving BOOLEAN NOT NULL, 
	asked TEXT, 
	asked_at BIGINT, 
	awaiting BOOLEAN NOT NULL, 
	verified_at BIGINT, 
	expires_at BIGINT, 
	failures INTEGER NOT NULL, 
	error TEXT, 
	delivered_at BIGINT, 
	missed_at BIGINT, 
	deliveries BIGINT NOT NULL, 
	ignored BIGINT NOT NULL, 
	seen JSON NOT NULL, 
	PRIMARY KEY (token)
);
CREATE TABLE tallies (
	publisher TEXT NOT NULL, 
	articles INTEGER NOT NULL, 
	lines JSON NOT NULL, 
	PRIMARY KEY (publisher)
);
INSERT INTO "tallies" VALUES('mirror',2,'{"ce6da94cab4d0ee8":1}');
INSERT INTO "tallies" VALUES('example.org',3,'{"857bdaaa39d75261":1,"2547858e72a5ab45":1,"d8d4fccc8123cf86":1}');
INSERT INTO "tallies" VALUES('example.net',2,'{"3fee57510533b0d2":1,"99b47a1b1ab8c128":1}');
CREATE TABLE withdrawn (
	"key" TEXT NOT NULL, 
	id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	withdrawn_at BIGINT NOT NULL, 
	origins JSON NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE withdrawn_names (
	name TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (name, "key")
);
CREATE INDEX ix_entries_link_key ON entries (link_key);
CREATE INDEX ix_entries_text_key ON entries (text_key);
CREATE INDEX ix_entries_updated ON entries (updated, updated_tie);
CREATE INDEX ix_origins_known_as ON origins (known_as);
CREATE INDEX ix_origins_address ON origins (source, address);
CREATE INDEX ix_removals_changed ON removals (changed);
CREATE INDEX ix_names_number ON names (number);
CREATE INDEX ix_entries_copy_of ON entries (copy_of);
CREATE INDEX ix_pictures_name ON pictures (name);
CREATE INDEX ix_remote_pictures_due_at ON remote_pictures (due_at);
CREATE INDEX ix_shown_pictures_key ON shown_pictures ("key");
CREATE INDEX ix_renditions_name ON renditions (name);
CREATE INDEX ix_bot_searches_used ON bot_searches (used_at);
CREATE INDEX ix_bot_subscriptions_chat ON bot_subscriptions (chat, topic);
CREATE INDEX ix_bot_chats_next_call ON bot_chats (next_call_at, id);
CREATE INDEX ix_bot_deliveries_state ON bot_deliveries (state, chat, id);
CREATE INDEX ix_bot_deliveries_entry ON bot_deliveries (entry);
CREATE INDEX ix_bot_deliveries_digest ON bot_deliveries (digest);
CREATE INDEX ix_bot_deliveries_waiting ON bot_deliveries (subscription, due_at) WHERE state = 'waiting';
CREATE INDEX ix_bot_calls_chat ON bot_calls (chat, called_at);
CREATE INDEX ix_bot_calls_called ON bot_calls (called_at);
CREATE INDEX ix_bot_deliveries_called ON bot_deliveries (called_at, state);
COMMIT;
