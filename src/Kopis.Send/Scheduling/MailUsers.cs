using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling;

/// <summary>Shares the slots of the local channel among users. One user's programs may hang for any
/// time, and the mail of others does not wait for them. A user with a running delivery gets another
/// one only while fewer than <paramref name="sharedPlaces"/> run in all. The other slots are for
/// users without a running delivery, one each.</summary>
internal sealed class MailUsers(int sharedPlaces)
{
    private readonly Dictionary<string, MailUser> _users = [];
    private readonly Queue<MailUser> _parked = new(); // Users with parked recipients, each once.
    private int _running;

    /// <summary>How many local deliveries may run before each user is limited to one.</summary>
    internal int SharedPlaces { get; set; } = sharedPlaces;

    /// <summary>Whether some user has parked recipients and room for one.</summary>
    internal bool HasReady => _parked.Any(MayStart);

    /// <summary>The user of a local address (<see cref="MailUserName"/>).</summary>
    internal MailUser Of(ReadOnlySpan<byte> address)
    {
        string name = MailUserName.Of(address);
        if (!_users.TryGetValue(name, out MailUser? user))
        {
            _users.Add(name, user = new MailUser(name));
        }

        return user;
    }

    /// <summary>Takes a slot; false if the user has to wait for one.</summary>
    internal bool TryStart(MailUser user)
    {
        if (user.Parked.Count > 0 || !MayStart(user))
        {
            return false; // A user's mail stays in order.
        }

        user.Running++;
        _running++;
        return true;
    }

    /// <summary>Lets a recipient wait until its user has room.</summary>
    internal void Park(MailUser user, Pass pass, int recipient)
    {
        if (user.Parked.Count == 0)
        {
            _parked.Enqueue(user);
        }

        user.Parked.Enqueue((pass, recipient));
        pass.Parked++;
    }

    /// <summary>Takes a slot for a parked recipient whose user has room now; returns the recipient
    /// and its user. Users take turns.</summary>
    internal (MailUser User, Pass Pass, int Recipient)? DequeueReady()
    {
        for (int i = _parked.Count; i > 0; i--)
        {
            MailUser user = _parked.Dequeue();
            if (!MayStart(user))
            {
                _parked.Enqueue(user);
                continue;
            }

            (Pass pass, int recipient) = user.Parked.Dequeue();
            if (user.Parked.Count > 0)
            {
                _parked.Enqueue(user);
            }

            pass.Parked--;
            user.Running++;
            _running++;
            return (user, pass, recipient);
        }

        return null;
    }

    /// <summary>Called when a delivery of the user is fully reported.</summary>
    internal void End(MailUser user)
    {
        user.Running--;
        _running--;
        Forget(user);
    }

    /// <summary>Forgets a user without mail.</summary>
    private void Forget(MailUser user)
    {
        if (user.Running == 0 && user.Parked.Count == 0)
        {
            _users.Remove(user.Name);
        }
    }

    private bool MayStart(MailUser user) => user.Running == 0 || _running < SharedPlaces;
}
