using System.Runtime.InteropServices;

namespace Kopis.Remote;

/// <summary>Idle connections, found by what they may carry or by their destination. Not
/// thread-safe.</summary>
internal sealed class IdleLinks
{
    private readonly Dictionary<string, List<SmtpLink>> _byKey = [];
    private readonly Dictionary<string, List<SmtpLink>> _byDestination = [];

    /// <summary>How many connections there are.</summary>
    internal int Count { get; private set; }

    internal void Add(SmtpLink link)
    {
        AddTo(_byKey, link.Key, link);
        if (link.Place is { } place)
        {
            AddTo(_byDestination, place.Destination, link);
        }

        Count++;
    }

    /// <summary>Removes the connection that became idle last.</summary>
    /// <param name="key">The key that it must have.</param>
    /// <param name="fits">A further condition.</param>
    /// <returns>Null if there is none.</returns>
    internal SmtpLink? TakeByKey(string key, Predicate<SmtpLink> fits) =>
        Take(_byKey, key, fits);

    /// <summary>Removes the connection that became idle last.</summary>
    /// <param name="destination">The destination that it must go to.</param>
    /// <returns>Null if there is none.</returns>
    internal SmtpLink? TakeByDestination(string destination) =>
        Take(_byDestination, destination, static _ => true);

    /// <summary>Removes all connections that meet a condition.</summary>
    internal SmtpLink[] TakeAll(Predicate<SmtpLink> fits)
    {
        SmtpLink[] taken = [.. _byKey.Values.SelectMany(links => links).Where(link => fits(link))];
        Array.ForEach(taken, Remove);
        return taken;
    }

    private SmtpLink? Take(
        Dictionary<string, List<SmtpLink>> links, string name, Predicate<SmtpLink> fits)
    {
        if (links.GetValueOrDefault(name)?.FindLast(fits) is not { } link)
        {
            return null;
        }

        Remove(link);
        return link;
    }

    private void Remove(SmtpLink link)
    {
        RemoveFrom(_byKey, link.Key, link);
        if (link.Place is { } place)
        {
            RemoveFrom(_byDestination, place.Destination, link);
        }

        Count--;
    }

    private static void AddTo(
        Dictionary<string, List<SmtpLink>> links, string name, SmtpLink link)
    {
        ref List<SmtpLink>? list =
            ref CollectionsMarshal.GetValueRefOrAddDefault(links, name, out _);
        (list ??= new(1)).Add(link);
    }

    private static void RemoveFrom(
        Dictionary<string, List<SmtpLink>> links, string name, SmtpLink link)
    {
        List<SmtpLink> list = links[name];
        if (list.Count == 1)
        {
            links.Remove(name);
        }
        else
        {
            list.RemoveAt(list.LastIndexOf(link));
        }
    }
}
