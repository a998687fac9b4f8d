namespace Kopis.Queue.Writer;

/// <summary>Intakes that wait for the committer: users take turns, and a batch is small enough
/// that the next user does not wait long. Used by one thread.</summary>
internal sealed class FairBatch
{
    private const int CountMax = 1000; // So that the first of a flood is not answered last.
    private const long BytesMax = 8 * 1024 * 1024; // A slow disk takes them in a tenth of a second.

    private readonly Dictionary<uint, Queue<IntakeMessage>> _rows = [];
    private readonly Queue<uint> _turns = new(); // Each user who waits, once.

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

    /// <summary>Moves the next batch into a list: at least one.</summary>
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
