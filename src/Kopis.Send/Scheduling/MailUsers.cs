using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling;

/// <summary>
/// How the places of the local channel are shared among users: one user's programs may hang for
/// as long as he likes, and the others' mail does not wait for them. Who has a delivery running
/// gets another only while fewer than <paramref name="sharedPlaces"/> run in all; the other places
/// are for users who have none running, one each.
/// </summary>
internal sealed class MailUsers(int sharedPlaces)
{
    private readonly Dictionary<string, MailUser> _users = [];
    private readonly Queue<MailUser> _parked = new(); // Each user with parked recipients, once.
    private int _running;

    /// <summary>Local deliveries that run before each user has one place only.</summary>
    internal int SharedPlaces { get; set; } = sharedPlaces;

    /// <summary>Some user has parked recipients and room.</summary>
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

    /// <summary>Takes a place; false where the user has to wait for one.</summary>
    internal bool TryStart(MailUser user)
    {
        if (user.Parked.Count > 0 || !MayStart(user))
        {
            return false; // In order: nobody overtakes his own mail.
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

    /// <summary>A parked recipient that has room now, and its user, who has taken the place; users
    /// take turns.</summary>
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

    /// <summary>The user's order is fully reported.</summary>
    internal void End(MailUser user)
    {
        user.Running--;
        _running--;
        Forget(user);
    }

    /// <summary>Nothing is kept of users without mail.</summary>
    private void Forget(MailUser user)
    {
        if (user.Running == 0 && user.Parked.Count == 0)
        {
            _users.Remove(user.Name);
        }
    }

    private bool MayStart(MailUser user) => user.Running == 0 || _running < SharedPlaces;
}
