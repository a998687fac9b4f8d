namespace Kopis.Queue.Writer;

/// <summary>Submissions that wait for the committer: users take turns, and a batch is small enough
/// that who comes next does not wait long. Used by one thread.</summary>
internal sealed class FairBatch
{
    private const int CountMax = 1000; // So that the first of a flood is not answered last.
    private const long BytesMax = 8 * 1024 * 1024; // A slow disk takes them in a tenth of a second.

    private readonly Dictionary<uint, Queue<Submission>> _rows = [];
    private readonly Queue<uint> _turns = new(); // Each user who waits, once.

    internal bool IsEmpty => _turns.Count == 0;

    internal void Add(Submission submission)
    {
        if (!_rows.TryGetValue(submission.Uid, out Queue<Submission>? row))
        {
            _rows.Add(submission.Uid, row = new Queue<Submission>());
            _turns.Enqueue(submission.Uid);
        }

        row.Enqueue(submission);
    }

    /// <summary>Moves the next batch into a list: at least one.</summary>
    internal void Take(List<Submission> batch)
    {
        long bytes = 0;
        while (batch.Count < CountMax && bytes < BytesMax && _turns.TryDequeue(out uint uid))
        {
            Queue<Submission> row = _rows[uid];
            Submission next = row.Dequeue();
            batch.Add(next);
            bytes += next.RecordBytes;
            if (row.Count > 0)
            {
                _turns.Enqueue(uid);
            }
            else
            {
                _rows.Remove(uid);
            }
        }
    }
}
