using System.Globalization;
using System.Net;
using System.Text;
using System.Xml;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Parses the XML of an aggregate report, by RFC 9990 or RFC 7489, in any order and
/// namespace. Unknown elements are skipped. DTDs and entities are not allowed, and everything is
/// limited.</summary>
public sealed class AggregateReportReader
{
    /// <summary>The most characters of a document: 30,000 rows of a large sender.</summary>
    public const int CharactersMax = 32 * 1024 * 1024;

    /// <summary>The most rows of a report; the largest receivers split theirs much earlier.
    /// </summary>
    public const int RowsMax = 100_000;

    /// <summary>The most results of one kind, or reasons, in a row (RFC 9990 §3.1.3).</summary>
    public const int PartsMax = 100;

    private const int DepthMax = 12; // The format needs five; the rest is for extensions.
    private const int NameMax = 64;
    private const int TextReadMax = 4096;
    private const long SecondsMax = 253_402_300_799; // The end of the year 9999.

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = CharactersMax,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    private readonly List<string> _path = [];
    private readonly StringBuilder _text = new();
    private readonly List<ReportRow> _rows = [];
    private readonly List<ReportReason> _reasons = [];
    private readonly List<ReportedResult> _signatures = [];
    private readonly List<ReportedResult> _senders = [];
    private readonly Dictionary<string, string> _row = [];
    private readonly Dictionary<string, string> _part = [];
    private AggregateReport _report = new("", "", "", -1, -1, new PublishedPolicy(""), []);

    private AggregateReportReader()
    {
    }

    /// <summary>Parses a document.</summary>
    /// <param name="xml">The document's bytes, in an encoding that it declares itself.</param>
    /// <param name="fault">Why there is no report, in our words: printable ASCII.</param>
    /// <returns>The report, with texts made safe for a terminal; null if it cannot be parsed.
    /// </returns>
    public static AggregateReport? Read(byte[] xml, out string fault)
    {
        try
        {
            using XmlReader reader = XmlReader.Create(new MemoryStream(xml), Settings);
            AggregateReport report = new AggregateReportReader().ReadAll(reader);
            fault = "";
            return report;
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            // The latter is thrown for an unknown encoding. Messages of the parser quote the
            // document, so they are not used.
            fault = e is XmlException at ? $"not well-formed XML in line {at.LineNumber}"
                : "not XML in a known encoding";
        }

        return null;
    }

    private AggregateReport ReadAll(XmlReader reader)
    {
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    OnStart(reader.LocalName);
                    if (reader.IsEmptyElement)
                    {
                        OnEnd();
                    }

                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    string value = reader.Value;
                    _text.Append(value, 0, Math.Min(value.Length, TextReadMax - _text.Length));
                    break;
                case XmlNodeType.EndElement:
                    OnEnd();
                    break;
            }
        }

        return _report.Begin < 0 || _report.End < 0
            ? throw new FormatException("no date_range with begin and end")
            : _report.Policy.Domain.Length == 0
                ? throw new FormatException("no policy_published with a domain")
            : _report with { Rows = _rows };
    }

    private void OnStart(string name)
    {
        if (_path.Count == 0 && name != "feedback")
        {
            throw new FormatException("not a report: the root element is not feedback");
        }

        if (_path.Count == DepthMax)
        {
            throw new FormatException("elements lie too deep");
        }

        _path.Add(name.Length > NameMax ? "?" : name);
        _text.Clear();
    }

    private void OnEnd()
    {
        string value = ReportText.Clean(_text.ToString());
        _text.Clear();
        switch (_path)
        {
            case ["feedback", "report_metadata", .. List<string> names]:
                OnMetadata(names, value);
                break;
            case ["feedback", "policy_published", string name]:
                _report = _report with { Policy = WithPolicy(name, value) };
                break;
            case ["feedback", "record", .. List<string> names]:
                OnRecord(names, value);
                break;
        }

        _path.RemoveAt(_path.Count - 1);
    }

    private void OnMetadata(List<string> names, string value) => _report = names switch
    {
        ["org_name"] => _report with { Organization = value },
        ["email"] => _report with { Email = value },
        ["extra_contact_info"] => _report with { Contact = value },
        ["report_id"] => _report with { Id = value },
        ["error"] => _report with { Error = value },
        ["generator"] => _report with { Generator = value },
        ["date_range", "begin"] => _report with { Begin = Seconds(value, "begin") },
        ["date_range", "end"] => _report with { End = Seconds(value, "end") },
        _ => _report,
    };

    private PublishedPolicy WithPolicy(string name, string value) => name switch
    {
        "domain" => _report.Policy with { Domain = value },
        "discovery_method" => _report.Policy with { Discovery = value },
        "p" => _report.Policy with { Policy = value },
        "sp" => _report.Policy with { SubdomainPolicy = value },
        "np" => _report.Policy with { MissingPolicy = value },
        "fo" => _report.Policy with { FailureOptions = value },
        "adkim" => _report.Policy with { DkimAlignment = value },
        "aspf" => _report.Policy with { SpfAlignment = value },
        "testing" => _report.Policy with { Testing = value },
        _ => _report.Policy,
    };

    private void OnRecord(List<string> names, string value)
    {
        switch (names)
        {
            case []:
                EndRow();
                break;
            case ["row", "policy_evaluated", "reason"]:
                Add(_reasons, new ReportReason(Part("type"), Part("comment")));
                break;
            case ["auth_results", "dkim"]:
                Add(_signatures,
                    new ReportedResult(Part("domain"), Part("selector"), Part("result")));
                break;
            case ["auth_results", "spf"]:
                Add(_senders, new ReportedResult(Part("domain"), Part("scope"), Part("result")));
                break;
            case ["row", "policy_evaluated", "reason", string name]:
                _part[name] = value;
                break;
            case ["auth_results", "dkim" or "spf", string name]:
                _part[name] = value;
                break;
            case ["row" or "identifiers", string name]:
                _row[name] = value;
                break;
            case ["row", "policy_evaluated", string name]:
                _row[name] = value;
                break;
        }
    }

    private void EndRow()
    {
        if (_rows.Count == RowsMax)
        {
            throw new FormatException($"over {RowsMax} rows");
        }

        string source = Field("source_ip");
        if (!IPAddress.TryParse(source, out IPAddress? address))
        {
            throw new FormatException($"row {_rows.Count + 1}: source_ip is not an address");
        }

        if (!TryNumber(Field("count"), out long count))
        {
            throw new FormatException($"row {_rows.Count + 1}: count is not a number");
        }

        _rows.Add(new ReportRow(
            address.ToString(), count, Field("disposition"), Field("dkim"), Field("spf"),
            Field("header_from"))
        {
            EnvelopeFrom = Field("envelope_from"),
            EnvelopeTo = Field("envelope_to"),
            Reasons = [.. _reasons],
            Signatures = [.. _signatures],
            Senders = [.. _senders],
        });
        _row.Clear();
        _reasons.Clear();
        _signatures.Clear();
        _senders.Clear();
    }

    private void Add<T>(List<T> parts, T part)
    {
        if (parts.Count < PartsMax)
        {
            parts.Add(part);
        }

        _part.Clear();
    }

    private string Field(string name) => _row.GetValueOrDefault(name, "");

    private string Part(string name) => _part.GetValueOrDefault(name, "");

    private static long Seconds(string text, string name) =>
        TryNumber(text, out long seconds) && seconds <= SecondsMax
            ? seconds : throw new FormatException($"{name} is not a number of seconds");

    /// <summary>A number of at most 12 digits, so that the sum of all rows does not overflow.
    /// </summary>
    private static bool TryNumber(string text, out long number)
    {
        const int DigitsMax = 12;
        number = 0;
        return text.Length <= DigitsMax && long.TryParse(
            text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
