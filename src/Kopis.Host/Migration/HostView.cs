namespace Kopis.Host.Migration;

/// <summary>What must be known of the host to plan: asked of the host in a program, given in a
/// test.</summary>
/// <param name="Name">The host's full name.</param>
/// <param name="IsUser">Whether a user of the host who gets mail has the name.</param>
/// <param name="HasInstructions">Whether alias has a .qmail file with this extension.</param>
internal sealed record HostView(
    string Name, Func<string, bool> IsUser, Func<string, bool> HasInstructions);
