-- Words that were written after the story of a case was erased - why somebody opened it, why it is held - have a key of
-- their own, and the retention job looks for those whose key is still there.
CREATE INDEX subject_keys_words ON subject_keys (region_code, case_id)
    WHERE class = 'story' AND subject_id <> case_id AND erased_at IS NULL;
