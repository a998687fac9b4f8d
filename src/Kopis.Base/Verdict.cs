namespace Kopis.Base;

/// <summary>The result of one delivery. The zero value is Retry, so that an unset value only delays
/// mail.</summary>
public enum Verdict : byte
{
    /// <summary>Failed for now, tried again; qmail's <c>Z</c>.</summary>
    Retry,

    /// <summary>Delivered; qmail's <c>K</c>.</summary>
    Delivered,

    /// <summary>Failed for good; qmail's <c>D</c>.</summary>
    Failed,
}
