using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Authentication;

namespace Kopis.Mail.Transport;

/// <summary>An MTA-STS policy (RFC 8461 §3.2).</summary>
/// <param name="Mode">What senders do.</param>
/// <param name="MaxAge">How long it is valid after it was fetched.</param>
/// <param name="Exchangers">The names of the domain's hosts, normalized; <c>*.example</c> stands
/// for any name with one more label.</param>
public sealed record StsPolicy(StsMode Mode, TimeSpan MaxAge, IReadOnlyList<string> Exchangers)
{
    /// <summary>The largest policy in bytes (RFC 8461 §10.2 suggests this limit).</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>The longest <c>max_age</c>, about a year (RFC 8461 §3.2).</summary>
    public const int SecondsMax = 31_557_600;

    /// <summary>The most hosts of a policy; large providers have five.</summary>
    public const int ExchangersMax = 200;

    /// <summary>The most lines that are kept for reports.</summary>
    public const int LinesMax = 100;

    private const int ObjectBytes = 32;
    private const int DigitsMax = 10;
    private const int NameMax = 32;
    private const string Wildcard = "*.";

    /// <summary>Its lines, as reports quote them.</summary>
    public IReadOnlyList<string> Lines { get; private init; } = [];

    /// <summary>About how many bytes it takes in memory.</summary>
    public int MemoryBytes =>
        Exchangers.Concat(Lines).Sum(text => ObjectBytes + (text.Length * sizeof(char)));

    /// <summary>Parses a policy.</summary>
    /// <param name="text">The whole body.</param>
    /// <param name="fault">Why it is not valid, in our words.</param>
    /// <returns>Null if it is not valid as a whole.</returns>
    public static StsPolicy? Parse(ReadOnlySpan<byte> text, out string fault)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        List<string> exchangers = [];
        List<string> lines = [];
        fault = text.Length > BytesMax ? $"over {BytesMax} bytes" : "";
        foreach (Range range in text[..Math.Min(text.Length, BytesMax)].Split((byte)'\n'))
        {
            ReadOnlySpan<byte> bytes = text[range];
            bytes = bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes;
            bytes = bytes.TrimEnd(" \t"u8);
            if (bytes.IsEmpty)
            {
                continue; // Behind the last line, and where an editor has left one.
            }

            if (!TryField(bytes, out string name, out string value))
            {
                fault = "a line is not a field";
            }
            else if (name == "mx")
            {
                fault = PatternOf(value) is { } pattern ? fault : "an mx is not a name";
                exchangers.Add(PatternOf(value) ?? "");
                lines.Add($"mx: {value}");
            }
            else if (fields.TryAdd(name, value)) // The first counts (RFC 8461 §3.2).
            {
                lines.Add($"{name}: {value}");
            }
        }

        fault = exchangers.Count > ExchangersMax ? $"over {ExchangersMax} mx" : fault;
        return fault.Length > 0 ? null
            : Of(fields, exchangers, out fault) is { } policy
                ? policy with { Lines = [.. lines.Take(LinesMax)] }
            : null;
    }

    /// <summary>Whether mail may be sent to a host: an mx line names it.</summary>
    /// <param name="host">The host's name, from DNS or from a policy.</param>
    public bool Names(string host)
    {
        if (DomainText.Normalize(host) is not { } name)
        {
            return false;
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        string above = dot < 0 ? name : Wildcard + name[(dot + 1)..];
        return Exchangers.Contains(name) || (dot > 0 && Exchangers.Contains(above));
    }

    private static StsPolicy? Of(
        Dictionary<string, string> fields, List<string> exchangers, out string fault)
    {
        StsMode? mode = fields.GetValueOrDefault("mode") switch
        {
            "none" => StsMode.None,
            "testing" => StsMode.Testing,
            "enforce" => StsMode.Enforce,
            _ => null,
        };
        string age = fields.GetValueOrDefault("max_age", "");
        bool isAge = age.Length is > 0 and <= DigitsMax && age.All(char.IsAsciiDigit);
        fault = fields.GetValueOrDefault("version") != "STSv1" ? "version is not STSv1"
            : mode is null ? "mode is not enforce, testing or none"
            : !isAge ? "max_age is not a number of seconds"
            : mode != StsMode.None && exchangers.Count == 0 ? "there is no mx"
            : "";
        return fault.Length > 0 ? null : new StsPolicy(
            mode!.Value,
            TimeSpan.FromSeconds(Math.Min(
                SecondsMax, long.Parse(age, NumberStyles.None, CultureInfo.InvariantCulture))),
            exchangers);
    }

    /// <summary>Names consist of letters, digits and a few signs; a value is UTF-8 without control
    /// characters.</summary>
    private static bool TryField(ReadOnlySpan<byte> line, out string name, out string value)
    {
        int colon = line.IndexOf((byte)':');
        name = value = "";
        if (colon is <= 0 or > NameMax || line.ContainsAnyInRange((byte)0, (byte)8)
            || line.ContainsAnyInRange((byte)10, (byte)31) || line.Contains((byte)127))
        {
            return false;
        }

        name = ByteText.ToText(line[..colon]);
        value = Encoding.UTF8.GetString(line[(colon + 1)..].Trim(" \t"u8));
        return value.Length > 0 && char.IsAsciiLetterOrDigit(name[0])
            && name.All(one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-' or '.');
    }

    /// <summary>U-labels are not allowed but occur; they become A-labels, as in DNS.</summary>
    private static string? PatternOf(string value)
    {
        bool isWild = value.StartsWith(Wildcard, StringComparison.Ordinal);
        string? name = DomainText.Normalize(isWild ? value[Wildcard.Length..] : value);
        return name is null ? null : isWild ? Wildcard + name : name;
    }
}
