using System.Net;

namespace Kopis.Remote;

/// <summary>Remembers for an hour which addresses speak QMTP at port 209 and which do not, as for
/// hosts that do not answer. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
internal sealed class QmtpHosts(TimeProvider clock)
{
    private const int EntriesMax = 1024;
    private static readonly TimeSpan For = TimeSpan.FromHours(1);

    private readonly Dictionary<IPAddress, (bool Serves, long Until)> _known = [];
    private readonly Lock _lock = new();

    /// <summary>Whether it has recently answered a message there.</summary>
    internal bool Serves(IPAddress address) => Find(address) == true;

    /// <summary>Whether it has recently failed there, so that SMTP is used at once.</summary>
    internal bool Fails(IPAddress address) => Find(address) == false;

    /// <summary>Notes the result of an attempt.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="serves">Whether it answered as a QMTP server does.</param>
    internal void Note(IPAddress address, bool serves)
    {
        long until =
            clock.GetTimestamp() + (long)(For.TotalSeconds * clock.TimestampFrequency);
        lock (_lock)
        {
            if (_known.Count >= EntriesMax && !_known.ContainsKey(address))
            {
                _known.Remove(_known.MinBy(one => one.Value.Until).Key);
            }

            _known[address] = (serves, until);
        }
    }

    private bool? Find(IPAddress address)
    {
        lock (_lock)
        {
            return _known.TryGetValue(address, out (bool Serves, long Until) known)
                && known.Until > clock.GetTimestamp() ? known.Serves : null;
        }
    }
}
