-- Followers record their facts in the message that commits them.
--
-- Why log.refuse_moved: a COMMIT that goes to the server together with an append cannot wait for
-- the append's answer, so a stream that moved has to be an error, which lets nothing behind it pass.
-- log.append and log.append_one answer it, since other appends of the call may stand.
--
-- Undo: DROP FUNCTION log.refuse_moved(text, bigint).

SET ROLE vedette_owner;

-- Refuse with the stream as the message and the version where it stands as the detail.
CREATE FUNCTION log.refuse_moved(p_stream text, p_stands bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'VD003', MESSAGE = p_stream, DETAIL = p_stands::text;
END $$;
REVOKE ALL ON FUNCTION log.refuse_moved(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.refuse_moved(text, bigint) TO vedette_app;
RESET ROLE;
