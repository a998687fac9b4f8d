using System.Net;

namespace Kopis.Remote.Sources;

/// <summary>A line of control/sourceaddresses: which addresses some mail is sent from.</summary>
/// <param name="Place">The place of the line. If two lines match, the first counts.</param>
/// <param name="Kind">What the name refers to.</param>
/// <param name="Name">In lower case; a suffix begins with a dot; empty: any.</param>
/// <param name="Addresses">The addresses, of both families.</param>
/// <param name="Fault">Why the line cannot be used; null: it can.</param>
internal sealed record SourceRule(
    int Place, SourceKind Kind, string Name, IReadOnlyList<IPAddress> Addresses,
    string? Fault = null)
{
    /// <summary>Whether the system chooses the address for servers of a family in which the line
    /// has none.</summary>
    internal bool LeavesFamilies => Addresses.Count == 0 || IsOfPatch;

    /// <summary>Whether it is from outgoingip of a patch, which has one address and says nothing
    /// about the other family.</summary>
    internal bool IsOfPatch { get; init; }

    /// <summary>Whether a name matches the line.</summary>
    internal bool Fits(string name) => Name.Length == 0
        || (Name[0] == '.' ? name.EndsWith(Name, StringComparison.Ordinal) : name == Name);
}
