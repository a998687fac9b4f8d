namespace Kopis.Base;

/// <summary>An operating outcome as a value: a verdict and its text for people.</summary>
/// <param name="Verdict">Delivered, to be tried again, or failed for good.</param>
/// <param name="Text">The report's bytes; lines end in LF (contract §6.2, §8.2).</param>
public readonly record struct Outcome(Verdict Verdict, ReadOnlyMemory<byte> Text)
{
    /// <summary>The report's first byte: K, Z or D.</summary>
    public byte Letter => Verdict switch
    {
        Verdict.Delivered => (byte)'K',
        Verdict.Failed => (byte)'D',
        _ => (byte)'Z',
    };

    /// <summary>A success.</summary>
    public static Outcome Delivered(string text) =>
        new(Verdict.Delivered, ByteText.ToBytes(text));

    /// <summary>A temporary failure.</summary>
    public static Outcome Retry(string text) => new(Verdict.Retry, ByteText.ToBytes(text));

    /// <summary>A permanent failure.</summary>
    public static Outcome Failed(string text) => new(Verdict.Failed, ByteText.ToBytes(text));
}
