CREATE TABLE "catalog"."search_change" (
	"txid" bigint DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
	"dataset_id" bigint NOT NULL,
	"found" boolean NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "search_change_txid" ON "catalog"."search_change" USING btree ("txid");--> statement-breakpoint
CREATE FUNCTION "catalog".note_search_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "found") SELECT id, true FROM after WHERE visible;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "found") SELECT id, true FROM before WHERE visible;
  ELSE
    INSERT INTO "catalog"."search_change" ("dataset_id", "found")
    SELECT id, bool_or(described) FROM (
      SELECT a.id, (a.visible, a.codes, a.deadline, a.size_bytes, a.created_at, a.publisher, a.license, a.keywords, a.formats, a.risks, a.scarcities)
          IS DISTINCT FROM (b.visible, b.codes, b.deadline, b.size_bytes, b.created_at, b.publisher, b.license, b.keywords, b.formats, b.risks, b.scarcities) AS described,
        (a.group_id, a.torrent_count, a.seeders) IS DISTINCT FROM (b.group_id, b.torrent_count, b.seeders) AS counted
      FROM after a JOIN before b USING (id) WHERE a.visible OR b.visible) AS changed
    WHERE described OR counted GROUP BY id;
  END IF;
  IF FOUND THEN
    PERFORM pg_notify('holdfast_search', '');
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER note_inserted AFTER INSERT ON "catalog"."dataset" REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_search_changes();--> statement-breakpoint
CREATE TRIGGER note_updated AFTER UPDATE ON "catalog"."dataset" REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_search_changes();--> statement-breakpoint
CREATE TRIGGER note_deleted AFTER DELETE ON "catalog"."dataset" REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_search_changes();
