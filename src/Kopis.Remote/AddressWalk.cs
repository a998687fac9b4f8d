using System.Net;

namespace Kopis.Remote;

/// <summary>How far one transaction has come in trying the addresses of its destination.</summary>
/// <param name="from">The first address to try.</param>
internal sealed class AddressWalk(int from)
{
    private readonly List<IPAddress> _passed = [];
    private RemoteReport? _failure;

    /// <summary>The address to try next.</summary>
    internal int At { get; set; } = from;

    /// <summary>It failed over its recipients, not over an address: nothing for others to learn
    /// from.</summary>
    internal bool IsForRecipients { get; set; }

    /// <summary>Why there is no session: the best address's reply that may be different later,
    /// else the best one's reply.</summary>
    internal RemoteReport Failure => _failure ?? RemoteReport.Of(
        'Z', "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");

    /// <summary>Records why.</summary>
    internal void Fail(RemoteReport failure)
    {
        if (_failure is null || (_failure.Letter == 'D' && failure.Letter == 'Z'))
        {
            _failure = failure;
        }
    }

    /// <summary>Records that an address answers and does not serve.</summary>
    internal void Pass(IPAddress address, RemoteReport failure)
    {
        _passed.Add(address);
        Fail(failure);
    }

    /// <summary>Such addresses, each once.</summary>
    internal IReadOnlyList<IPAddress> DrainPassed()
    {
        IPAddress[] passed = [.. _passed];
        _passed.Clear();
        return passed;
    }
}
