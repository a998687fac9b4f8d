using System.Net;

namespace Kopis.Server.ClientPolicy;

/// <summary>Asks all lists about a client at once, with a timeout.</summary>
/// <param name="lists">The lists.</param>
/// <param name="isOneUnread">Whether a line could not be parsed. It counts as a silent list, which
/// may be one of good clients.</param>
/// <param name="timeout">How long to wait; after that a list counts as silent.</param>
/// <param name="time">The clock.</param>
internal sealed class ListingCheck(
    IReadOnlyList<DnsList> lists, bool isOneUnread, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Asks about a client. Does not throw.</summary>
    internal async Task<Listing> AskAsync(IPAddress client)
    {
        DnsList[] asked = [.. lists.Where(list => list.Rule.IsAbout(client))];
        using CancellationTokenSource limit = new(timeout, time);
        ListAnswer[] words = await Task.WhenAll(
            asked.Select(list => list.AskAsync(client, limit.Token)));
        int score = 0;
        int unsaid = isOneUnread ? -DnsListRule.WeightMost : 0;
        List<string> zones = [];
        foreach ((DnsList list, ListAnswer word) in asked.Zip(words))
        {
            if (word == ListAnswer.Yes)
            {
                score += list.Rule.Weight;
                zones.Add(list.Rule.Zone);
            }
            else if (word == ListAnswer.Silent)
            {
                unsaid += Math.Min(0, list.Rule.Weight);
            }
        }

        return new Listing(
            score, score + unsaid, zones, !words.Contains(ListAnswer.Silent));
    }
}
