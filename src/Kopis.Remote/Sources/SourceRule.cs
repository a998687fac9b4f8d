using System.Net;

namespace Kopis.Remote.Sources;

/// <summary>A line of control/sourceaddresses: from which addresses some mail is sent.</summary>
/// <param name="Place">The line's place: of two that fit the first counts.</param>
/// <param name="Kind">What the name is of.</param>
/// <param name="Name">In lower case; a suffix begins with a dot; empty: any.</param>
/// <param name="Addresses">The pool, of both families.</param>
/// <param name="Fault">Why the line cannot be used; null: it can.</param>
internal sealed record SourceRule(
    int Place, SourceKind Kind, string Name, IReadOnlyList<IPAddress> Addresses,
    string? Fault = null)
{
    /// <summary>For servers of a family of which the line has no address, the system chooses.
    /// </summary>
    internal bool LeavesFamilies => Addresses.Count == 0 || IsOfPatch;

    /// <summary>outgoingip of a patch has one address, and for the other family says nothing.
    /// </summary>
    internal bool IsOfPatch { get; init; }

    /// <summary>Whether a name is the line's.</summary>
    internal bool Fits(string name) => Name.Length == 0
        || (Name[0] == '.' ? name.EndsWith(Name, StringComparison.Ordinal) : name == Name);
}
