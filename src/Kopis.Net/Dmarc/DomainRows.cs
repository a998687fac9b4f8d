using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;

namespace Kopis.Net.Dmarc;

/// <summary>What was seen about one domain: rows with counts, within limits. A flood of different
/// rows from one network fills only a part of them, and only those of this domain. What does not
/// fit is counted as left out.</summary>
public sealed class DomainRows
{
    /// <summary>The most bytes of a domain's rows.</summary>
    public const int BytesMax = 512 * 1024;

    /// <summary>The most different rows of one source: an IPv4 address, or an IPv6 /64.</summary>
    public const int RowsOfSourceMax = 50;

    private const string PolicyMark = "P\t";
    private const string RowMark = "R\t";
    private const string LeftMark = "L\t";
    private const int LineExtra = 24; // Mark, count and line end.

    private readonly Dictionary<string, long> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _sources = new(StringComparer.Ordinal);
    private int _bytes;

    /// <summary>The line of the policy that was seen last; empty if none was.</summary>
    public string Policy { get; private set; } = "";

    /// <summary>How many messages have no row.</summary>
    public long Left { get; private set; }

    /// <summary>The lines of the rows, with their counts.</summary>
    public IReadOnlyDictionary<string, long> Rows => _rows;

    /// <summary>Adds messages of a row.</summary>
    /// <param name="policy">The line of the policy.</param>
    /// <param name="row">The line of the row; it begins with the source.</param>
    /// <param name="count">How many there are.</param>
    public void Add(string policy, string row, long count)
    {
        Policy = policy;
        Add(row, count);
    }

    /// <summary>Adds the rows of another object.</summary>
    public void Add(DomainRows other)
    {
        Policy = other.Policy.Length > 0 ? other.Policy : Policy;
        Left += other.Left;
        foreach ((string row, long count) in other._rows)
        {
            Add(row, count);
        }
    }

    /// <summary>Parses lines from one or several writes; invalid lines are skipped.</summary>
    public static DomainRows Read(ReadOnlySpan<byte> text)
    {
        DomainRows rows = new();
        foreach (string line in ByteText.ToText(text).Split('\n'))
        {
            if (line.StartsWith(PolicyMark, StringComparison.Ordinal))
            {
                rows.Policy = line[PolicyMark.Length..];
            }
            else if (line.StartsWith(LeftMark, StringComparison.Ordinal)
                && VerdictText.TryCount(line.AsSpan(LeftMark.Length), out long left))
            {
                rows.Left += left;
            }
            else if (line.StartsWith(RowMark, StringComparison.Ordinal)
                && line.IndexOf('\t', RowMark.Length) is int end and > 0
                && VerdictText.TryCount(line.AsSpan(RowMark.Length..end), out long count))
            {
                rows.Add(line[(end + 1)..], count);
            }
        }

        return rows;
    }

    /// <summary>Formats the lines. An empty line comes first, to end a line that a full disk cut
    /// off before.</summary>
    public byte[] ToBytes()
    {
        StringBuilder text = new("\n");
        text.Append(PolicyMark).Append(Policy).Append('\n');
        foreach ((string row, long count) in _rows)
        {
            text.Append(RowMark).Append(count.ToString(CultureInfo.InvariantCulture))
                .Append('\t').Append(row).Append('\n');
        }

        if (Left > 0)
        {
            text.Append(LeftMark).Append(Left.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        return ByteText.ToBytes(text.ToString());
    }

    private void Add(string row, long count)
    {
        if (_rows.TryGetValue(row, out long before))
        {
            _rows[row] = before + count;
            return;
        }

        string source = SourceOf(row);
        int known = _sources.GetValueOrDefault(source);
        if (known == RowsOfSourceMax || _bytes + row.Length + LineExtra > BytesMax)
        {
            Left += count;
            return;
        }

        _sources[source] = known + 1;
        _bytes += row.Length + LineExtra;
        _rows[row] = count;
    }

    private static string SourceOf(string row)
    {
        string source = row.Split('\t', 2)[0];
        return IPAddress.TryParse(source, out IPAddress? address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : source;
    }
}
