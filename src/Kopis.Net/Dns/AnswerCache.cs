namespace Kopis.Net.Dns;

/// <summary>Keeps DNS answers for as long as they are valid, in two generations: when the young one
/// has too many answers or bytes, it becomes the old one, and the old one is dropped. May be used
/// from many threads.</summary>
/// <param name="time">The clock.</param>
/// <param name="answersMax">How many answers are kept.</param>
/// <param name="bytesMax">How much memory they may take.</param>
public sealed class AnswerCache(
    TimeProvider time, int answersMax = AnswerCache.AnswersMax,
    long bytesMax = AnswerCache.BytesMax)
{
    /// <summary>Most answers take some hundred bytes.</summary>
    public const int AnswersMax = 10_000;

    /// <summary>The memory for all answers and their questions.</summary>
    public const long BytesMax = 8 * 1024 * 1024;

    private const int EntryBytes = 150; // For a dictionary and its objects.

    private static readonly TimeSpan KeepMost = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private Dictionary<string, (object Answer, long Since, TimeSpan Keep)> _young = [];
    private Dictionary<string, (object Answer, long Since, TimeSpan Keep)> _old = [];
    private long _youngBytes;
    private long _oldBytes;

    /// <summary>How many bytes the answers take.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _youngBytes + _oldBytes;
            }
        }
    }

    /// <summary>How many answers are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _young.Count + _old.Count;
            }
        }
    }

    /// <summary>Finds an answer that is still valid.</summary>
    /// <returns>Null if there is none.</returns>
    public object? Find(string question)
    {
        lock (_lock)
        {
            return (_young.TryGetValue(question, out var kept)
                    || _old.TryGetValue(question, out kept))
                && time.GetElapsedTime(kept.Since) < kept.Keep ? kept.Answer : null;
        }
    }

    /// <summary>Adds an answer; it is kept for an hour at most.</summary>
    /// <param name="question">The question.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="bytes">Its size in memory.</param>
    /// <param name="keep">How long it is valid.</param>
    public void Add(string question, object answer, int bytes, TimeSpan keep)
    {
        long size = bytes + (question.Length * sizeof(char)) + EntryBytes;
        if (keep <= TimeSpan.Zero || size > bytesMax / 2)
        {
            return;
        }

        lock (_lock)
        {
            if (_young.Count >= answersMax / 2 || _youngBytes + size > bytesMax / 2)
            {
                (_young, _old) = (_old, _young);
                (_oldBytes, _youngBytes) = (_youngBytes, 0);
                _young.Clear();
            }

            // If it replaces another answer, both are counted, so that the sum is never too small.
            _youngBytes += size;

            _young[question] =
                (answer, time.GetTimestamp(), keep < KeepMost ? keep : KeepMost);
        }
    }
}
