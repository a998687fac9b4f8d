namespace Kopis.Net.Dns;

/// <summary>
/// Answers of DNS for as long as they are good. Two generations: when the young one is full it
/// becomes the old one, and the old one goes. May be used from many threads.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="answersMax">How many answers are kept.</param>
public sealed class AnswerCache(TimeProvider time, int answersMax = AnswerCache.AnswersMax)
{
    /// <summary>At some hundred bytes each, a few MB.</summary>
    public const int AnswersMax = 10_000;

    private static readonly TimeSpan KeepMost = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private Dictionary<string, (object Answer, long Since, TimeSpan Keep)> _young = [];
    private Dictionary<string, (object Answer, long Since, TimeSpan Keep)> _old = [];

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

    /// <summary>Finds an answer that is still good.</summary>
    /// <returns>Null where there is none.</returns>
    public object? Find(string question)
    {
        lock (_lock)
        {
            return (_young.TryGetValue(question, out var kept)
                    || _old.TryGetValue(question, out kept))
                && time.GetElapsedTime(kept.Since) < kept.Keep ? kept.Answer : null;
        }
    }

    /// <summary>Keeps an answer; an hour at most.</summary>
    public void Add(string question, object answer, TimeSpan keep)
    {
        if (keep <= TimeSpan.Zero)
        {
            return;
        }

        lock (_lock)
        {
            if (_young.Count >= answersMax / 2)
            {
                (_young, _old) = (_old, _young);
                _young.Clear();
            }

            _young[question] =
                (answer, time.GetTimestamp(), keep < KeepMost ? keep : KeepMost);
        }
    }
}
