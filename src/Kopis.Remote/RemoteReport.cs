using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Remote;

/// <summary>
/// What qmail-remote reports (contract §8.2): a letter and a text for each recipient that was
/// tried, then one for the message.
/// </summary>
internal sealed class RemoteReport
{
    private readonly List<(char Letter, byte[] Text)> _recipients = [];
    private List<AttemptPoint>? _points; // Set if recipients had different attempts.
    private AttemptPoint _point;

    /// <summary>In order: r accepted, h refused for good, s refused for now.</summary>
    internal IReadOnlyList<(char Letter, byte[] Text)> Recipients => _recipients;

    /// <summary>K, Z or D.</summary>
    internal char Letter { get; private set; } = 'Z';

    /// <summary>The text of the message report; ends in LF.</summary>
    internal byte[] Text { get; private set; } = [];

    /// <summary>Whether the server accepted the message together with its DSN requests.</summary>
    internal bool IsPassedOn { get; set; }

    /// <summary>How many recipients a transaction may have there, if there were more; else 0.
    /// </summary>
    internal int RecipientsMost { get; set; }

    internal static RemoteReport Of(char letter, string text) =>
        new RemoteReport().End(letter, text);

    /// <summary>Sets the result of a recipient that was added before.</summary>
    internal void Set(int recipient, char letter, byte[] text) =>
        _recipients[recipient] = (letter, text);

    /// <summary>Records where the attempt ended, unless that is known already.</summary>
    internal RemoteReport At(AttemptStage stage, AttemptServer? server)
    {
        _point = new AttemptPoint(
            _point.Stage == AttemptStage.None ? stage : _point.Stage, _point.Server ?? server);
        return this;
    }

    /// <summary>Where the attempt ended for one recipient.</summary>
    internal AttemptPoint PointOf(int recipient) =>
        _points is { } points && recipient < points.Count ? points[recipient]
        : recipient < _recipients.Count && _recipients[recipient].Letter is 'h' or 's'
            ? _point with { Stage = AttemptStage.Rcpt }
        : _point;

    internal void Add(char letter, byte[] text) => _recipients.Add((letter, text));

    /// <summary>Sets the message report.</summary>
    internal RemoteReport End(char letter, string text, ReadOnlySpan<byte> remoteText = default)
    {
        Letter = letter;
        Text = [.. ByteText.ToBytes(text), .. remoteText];
        return this;
    }

    /// <summary>Joins several reports about parts of the recipients.</summary>
    /// <param name="verdicts">For each recipient the report about it, and its place in that report.
    /// </param>
    internal static RemoteReport Join(IReadOnlyList<(RemoteReport Report, int Place)> verdicts)
    {
        RemoteReport first = verdicts[0].Report;
        if (verdicts.Select((one, i) => one.Report == first && one.Place == i).All(same => same))
        {
            return first;
        }

        RemoteReport joined = Of('Z', "");
        joined._points = [.. verdicts.Select(one => one.Report.PointOf(one.Place))];
        bool isPassedOn = true;
        foreach ((RemoteReport report, int place) in verdicts)
        {
            Outcome outcome = report.For(place);
            bool isDelivered = outcome.Verdict == Verdict.Delivered;
            joined.Add(
                isDelivered ? 'r' : outcome.Verdict == Verdict.Failed ? 'h' : 's',
                isDelivered ? report.OwnText(place) : outcome.Text.ToArray());
            if (isDelivered)
            {
                joined.Letter = 'K';
                joined.Text = report.Text;
                isPassedOn &= report.IsPassedOn;
            }
        }

        joined.IsPassedOn = isPassedOn && joined.Letter == 'K';
        return joined;
    }

    /// <summary>The bytes that qmail-remote writes to its standard output.</summary>
    internal byte[] ToBytes()
    {
        ArrayBufferWriter<byte> to = new();
        foreach ((char letter, byte[] text) in _recipients)
        {
            Write(to, letter, text);
        }

        Write(to, Letter, Text);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>The result for one recipient (contract §8.1).</summary>
    internal Outcome For(int recipient)
    {
        Verdict message = Letter switch
        {
            'K' => Verdict.Delivered,
            'D' => Verdict.Failed,
            _ => Verdict.Retry,
        };
        if (recipient >= _recipients.Count)
        {
            return new Outcome(message, Text);
        }

        (char letter, byte[] text) = _recipients[recipient];
        (Verdict own, bool messageIsNoBetter) = letter switch
        {
            'h' => (Verdict.Failed, message == Verdict.Failed),
            's' => (Verdict.Retry, message != Verdict.Delivered),
            _ => (message, true),
        };
        return new Outcome(own, messageIsNoBetter ? (byte[])[.. text, .. Text] : text);
    }

    /// <summary>The text about one recipient alone.</summary>
    private byte[] OwnText(int recipient) =>
        recipient < _recipients.Count ? _recipients[recipient].Text : [];

    private static void Write(ArrayBufferWriter<byte> to, char letter, ReadOnlySpan<byte> text)
    {
        to.WriteByte((byte)letter);
        to.Write(text);
        to.WriteByte(0);
    }
}
