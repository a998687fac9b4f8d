using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Transport;

namespace Kopis.Net.Sts;

/// <summary>A policy that was fetched before.</summary>
/// <param name="Id">The id in the domain's record at that time.</param>
/// <param name="Fetched">When it was fetched.</param>
/// <param name="Text">The body.</param>
/// <param name="Policy">The parsed policy.</param>
public sealed record StsKept(string Id, DateTimeOffset Fetched, byte[] Text, StsPolicy Policy)
{
    /// <summary>The most bytes of the line before the body.</summary>
    public const int HeadBytesMax = 64;

    /// <summary>When it expires.</summary>
    public DateTimeOffset Expires => Fetched + Policy.MaxAge;

    /// <summary>Formats a file: a line <c>id seconds</c>, then the body.</summary>
    public byte[] ToBytes() =>
        [.. ByteText.ToBytes($"{Id} {Fetched.ToUnixTimeSeconds()}\n"), .. Text];

    /// <summary>Parses a file; null if it is malformed or truncated.</summary>
    public static StsKept? Read(byte[] file)
    {
        int end = file.AsSpan().IndexOf((byte)'\n');
        if (end is < 0 or > HeadBytesMax)
        {
            return null;
        }

        string[] words = ByteText.ToText(file.AsSpan(..end)).Split(' ');
        const int digitsMax = 11;
        return words is [string id, string seconds] && seconds.Length <= digitsMax
            && long.TryParse(
                seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long fetched)
            && StsPolicy.Parse(file.AsSpan(end + 1), out _) is { } policy
            ? new StsKept(
                id, DateTimeOffset.FromUnixTimeSeconds(fetched), file[(end + 1)..], policy)
            : null;
    }
}
