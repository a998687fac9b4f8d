namespace Kopis.Queue.Writer;

/// <summary>The messages that wait for the committer. Users take turns, and batches are small
/// enough that the next user does not wait long. Not thread-safe.</summary>
internal sealed class FairBatch
{
    private const int CountMax = 1000; // Keeps the first of a flood from waiting for the last.
    private const long BytesMax = 8 * 1024 * 1024; // A slow disk takes a tenth of a second.

    private readonly Dictionary<uint, Queue<IntakeMessage>> _rows = [];
    private readonly Queue<uint> _turns = new(); // Users who wait, each once.

    internal bool IsEmpty => _turns.Count == 0;

    internal void Add(IntakeMessage intake)
    {
        if (!_rows.TryGetValue(intake.Uid, out Queue<IntakeMessage>? row))
        {
            _rows.Add(intake.Uid, row = new Queue<IntakeMessage>());
            _turns.Enqueue(intake.Uid);
        }

        row.Enqueue(intake);
    }

    /// <summary>Moves the next batch into a list; it has at least one message.</summary>
    internal void Dequeue(List<IntakeMessage> batch)
    {
        long bytes = 0;
        while (batch.Count < CountMax && bytes < BytesMax && _turns.TryDequeue(out uint uid))
        {
            Queue<IntakeMessage> row = _rows[uid];
            IntakeMessage next = row.Dequeue();
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
