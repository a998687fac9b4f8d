namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>Fetches the records of a name and of those above it (RFC 9989 §4.10), for one message.
/// Each name is asked for only once.</summary>
internal sealed class TreeWalk(IAuthenticationDns dns, CancellationToken stop)
{
    /// <summary>The most questions of one walk (§4.10).</summary>
    internal const int QuestionsMax = 8;

    private readonly Dictionary<string, (DnsOutcome, DmarcRecord?)> _answers = [];

    /// <summary>Walks up from a name.</summary>
    /// <returns>The records from the longest name to the shortest; null if DNS did not answer.
    /// </returns>
    internal async ValueTask<List<(string Name, DmarcRecord Record)>?> WalkAsync(string name)
    {
        List<(string, DmarcRecord)> found = [];
        foreach (string target in Targets(name))
        {
            (DnsOutcome outcome, DmarcRecord? record) = await FindAsync(target);
            if (outcome == DnsOutcome.Temporary)
            {
                return null;
            }

            if (record is not null)
            {
                found.Add((target, record));
                if (record.PublicSuffix is 'y' or 'n')
                {
                    break; // Steps 2 and 6.
                }
            }
        }

        return found;
    }

    /// <summary>The organizational domain of a name, from its walk (§4.10.2).</summary>
    internal static string Organization(
        string name, List<(string Name, DmarcRecord Record)> found)
    {
        foreach ((string at, DmarcRecord record) in found)
        {
            if (record.PublicSuffix == 'n')
            {
                return at;
            }

            if (record.PublicSuffix == 'y' && at != name)
            {
                string below = name[..^(at.Length + 1)];
                return name[(below.LastIndexOf('.') + 1)..];
            }
        }

        return found.Count > 0 ? found[^1].Name : name;
    }

    /// <summary>The names to ask for, beginning with the name itself (§4.10, steps 3, 4 and 7).
    /// </summary>
    internal static IEnumerable<string> Targets(string name)
    {
        yield return name;
        string[] labels = name.Split('.');
        int start = Math.Max(1, labels.Length - (QuestionsMax - 1));
        for (int i = start; i < labels.Length; i++)
        {
            yield return string.Join('.', labels[i..]);
        }
    }

    /// <summary>The only record of a name; several count as none.</summary>
    private async ValueTask<(DnsOutcome, DmarcRecord?)> FindAsync(string name)
    {
        if (_answers.TryGetValue(name, out (DnsOutcome, DmarcRecord?) known))
        {
            return known;
        }

        string place = "_dmarc." + name;
        DnsRecords<string> texts = DomainText.IsName(place)
            ? await dns.FindTextsAsync(place, stop)
            : new DnsRecords<string>(DnsOutcome.NoSuchName);
        DmarcRecord? found = null;
        int count = 0;
        foreach (string text in texts.Records)
        {
            if (DmarcRecord.Find(text) is { } record)
            {
                found = record;
                count++;
            }
        }

        return _answers[name] = (texts.Outcome, count == 1 ? found : null);
    }
}
