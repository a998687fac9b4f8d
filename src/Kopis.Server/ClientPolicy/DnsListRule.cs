using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Server.ClientPolicy;

/// <summary>
/// A line of <c>control/dnslists</c>: <c>zone</c>, <c>zone:weight</c>, <c>zone:weight:codes</c> or
/// <c>zone:weight:codes:families</c>.
/// </summary>
/// <param name="Zone">The zone of the list.</param>
/// <param name="Weight">What a listing adds to the score; negative for a list of good clients.
/// </param>
/// <param name="Codes">Ranges of answers that count; empty: all.</param>
/// <param name="Families">The families of addresses: 4, 6, or both.</param>
internal sealed record DnsListRule(
    string Zone, int Weight, IReadOnlyList<(uint First, uint Last)> Codes, string Families)
{
    internal const int WeightMost = 1000;
    private const int FieldsMax = 4;

    /// <summary>Parses a line; null if it is not valid.</summary>
    internal static DnsListRule? TryParse(ReadOnlySpan<byte> line)
    {
        string[] fields = ByteText.ToText(line).Split(':');
        string weightText = fields.Length > 1 && fields[1].Length > 0 ? fields[1] : "1";
        List<(uint, uint)> codes = [];
        string families = fields.Length == FieldsMax && fields[3].Length > 0 ? fields[3] : "46";
        bool isSound = fields.Length <= FieldsMax
            && IsZone(fields[0])
            && families is "4" or "6" or "46"
            && (fields.Length < 3 || TryParseCodes(fields[2], codes));
        return isSound
            && int.TryParse(
                weightText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out int weight)
            && weight is >= -WeightMost and <= WeightMost and not 0
            ? new DnsListRule(fields[0].Trim('.'), weight, codes, families)
            : null;
    }

    internal bool IsAbout(IPAddress client) => Families.Contains(
        client.AddressFamily == AddressFamily.InterNetwork ? '4' : '6', StringComparison.Ordinal);

    /// <summary>Whether an answer is one of those that count.</summary>
    internal bool Counts(IPAddress code)
    {
        uint number = Number(code);
        return Codes.Count == 0
            || Codes.Any(range => number >= range.First && number <= range.Last);
    }

    /// <summary>An IPv4 address as a number.</summary>
    internal static uint Number(IPAddress address) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static bool IsZone(string text) =>
        text.Contains('.', StringComparison.Ordinal)
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    // 127.0.0.2, 127.0.0.4-7, 127.0.0.2-127.0.1.255, with commas between them.
    private static bool TryParseCodes(string text, List<(uint, uint)> codes)
    {
        foreach (string part in text.Length == 0 ? [] : text.Split(','))
        {
            string[] ends = part.Split('-');
            string last = ends.Length == 1 ? ends[0]
                : ends[1].Contains('.', StringComparison.Ordinal) ? ends[1]
                : ends[0][..(ends[0].LastIndexOf('.') + 1)] + ends[1];
            if (ends.Length > 2
                || !TryParseCode(ends[0], out uint from)
                || !TryParseCode(last, out uint to)
                || from > to)
            {
                return false;
            }

            codes.Add((from, to));
        }

        return true;
    }

    private static bool TryParseCode(string text, out uint code)
    {
        code = 0;
        if (!IPAddress.TryParse(text, out IPAddress? address)
            || address.AddressFamily != AddressFamily.InterNetwork
            || address.ToString() != text)
        {
            return false;
        }

        code = Number(address);
        return true;
    }
}
