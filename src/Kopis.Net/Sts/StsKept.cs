using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Transport;

namespace Kopis.Net.Sts;

/// <summary>A policy that was fetched.</summary>
/// <param name="Id">The id that the domain's record had.</param>
/// <param name="Fetched">When.</param>
/// <param name="Text">Its body.</param>
/// <param name="Policy">What it says.</param>
public sealed record StsKept(string Id, DateTimeOffset Fetched, byte[] Text, StsPolicy Policy)
{
    /// <summary>Bytes of the line before the body.</summary>
    public const int HeadBytesMax = 64;

    /// <summary>When it does not hold any more.</summary>
    public DateTimeOffset Expires => Fetched + Policy.MaxAge;

    /// <summary>As a file: <c>id seconds</c>, and the body.</summary>
    public byte[] ToBytes() =>
        [.. ByteText.ToBytes($"{Id} {Fetched.ToUnixTimeSeconds()}\n"), .. Text];

    /// <summary>Reads a file; null where it is none of ours, or cut short.</summary>
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
