using System.Globalization;
using System.Text;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Web.Server;
using Microsoft.Extensions.Primitives;

namespace Kopis.Web.Pages;

/// <summary>The conditions of a list of the queue, in the page's address. A condition that cannot
/// be parsed is refused, because without it the list would contain everything.</summary>
internal static class QueueSearch
{
    /// <summary>The states that can be asked for; null for any.</summary>
    internal static readonly (string Name, ListedState? State)[] States =
    [
        ("any", null), ("waiting", ListedState.Waiting), ("due", ListedState.Due),
        ("running", ListedState.Running), ("held", ListedState.Held),
    ];

    private static readonly string[] Conditions =
        ["number", "sender", "recipient", "domain", "destination", "state", "from", "at"];

    /// <summary>Parses the conditions.</summary>
    /// <param name="visit">The request, with the address.</param>
    /// <param name="why">Which condition cannot be parsed.</param>
    /// <returns>Null if one cannot be parsed.</returns>
    internal static QueueSelection? Parse(Visit visit, out string why)
    {
        foreach (string name in Conditions)
        {
            if (visit[name].Length == 0 && !StringValues.IsNullOrEmpty(visit.Query[name]))
            {
                why = $"More than one {name}, or it is too long.";
                return null;
            }
        }

        ulong? number = Number(visit["number"]), from = Number(visit["from"]);
        byte[]? destination = Destination(visit["destination"]);
        bool hasPlace = uint.TryParse(
            visit["at"], NumberStyles.None, CultureInfo.InvariantCulture, out uint at);
        (string? state, ListedState? wanted) =
            States.FirstOrDefault(one => one.Name == visit["state"]);
        why = number is null && !IsEmpty(visit["number"]) ? "Not a message number."
            : destination is null && !IsEmpty(visit["destination"]) ? "Not a destination."
            : state is null && visit["state"].Length > 0 ? "Not a state."
            : (from is null && visit["from"].Length > 0) || (!hasPlace && visit["at"].Length > 0)
                ? "Not a place in the queue."
            : "";
        return why.Length > 0 ? null : new QueueSelection
        {
            Numbers = number is { } one ? [one] : [],
            Sender = visit["sender"].Trim() is "<>" ? [] : Address(visit["sender"]),
            Recipient = Address(visit["recipient"]),
            Domain = Address(visit["domain"]),
            Destination = destination,
            State = wanted,
            From = from,
            FromRecipient = at,
        };
    }

    /// <summary>The name of a destination; null if the text cannot be one.</summary>
    internal static byte[]? Destination(string text) =>
        text.Trim() is { Length: > 0 and <= DestinationMax } name
            && name.All(c => c is >= ' ' and <= '~') ? Encoding.ASCII.GetBytes(name) : null;

    /// <summary>The longest name of a destination.</summary>
    internal const int DestinationMax = 255;

    private static ulong? Number(string text) =>
        MessageNumber.TryParse(Encoding.UTF8.GetBytes(text.Trim()), out ulong number)
            ? number : null;

    private static bool IsEmpty(string text) => text.AsSpan().Trim().IsEmpty;

    private static byte[]? Address(string text) =>
        text.Trim() is { Length: > 0 } trimmed ? Encoding.UTF8.GetBytes(trimmed) : null;
}
