namespace Kopis.Base;

/// <summary>What became of one delivery. Zero is Retry: a slip delays mail, no more.</summary>
public enum Verdict : byte
{
    /// <summary>Not now; qmail's <c>Z</c>.</summary>
    Retry,

    /// <summary>Done; qmail's <c>K</c>.</summary>
    Delivered,

    /// <summary>Never; qmail's <c>D</c>.</summary>
    Failed,
}
