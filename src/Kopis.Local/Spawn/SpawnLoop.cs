using System.Buffers.Binary;
using System.Diagnostics;
using Kopis.Base;
using Kopis.Local.Worker;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Users.Recipients;

namespace Kopis.Local.Spawn;

/// <summary>Root's half of qmail-lspawn: finds the user of an address, and a qmail-local of that
/// user. It sees neither messages nor reports: those pass between the other half
/// (<see cref="CommandLoop"/>) and the qmail-local. Not thread-safe; blocks only in poll(2).
/// </summary>
/// <remarks>The other half asks in packets: u32 id, the address. Everything that gives a delivery
/// its rights is looked up here: the user, the home and the instructions. It is granted to the
/// qmail-local under that id (<see cref="LocalChannel"/>) before the answer is sent.</remarks>
/// <param name="context">The program's context.</param>
/// <param name="defaultDelivery">The instructions for users who have none.</param>
/// <param name="getpwUser">The user that runs qmail-getpw; null: all of Kopis runs as one user, and
/// so does each delivery.</param>
/// <param name="asked">The socket from the other half.</param>
internal sealed class SpawnLoop(
    ProgramContext context, byte[] defaultDelivery, UnixUser? getpwUser, int asked)
{
    private static readonly TimeSpan SearchTimeMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SearchPause = TimeSpan.FromSeconds(1);

    private sealed record Search(int Answer, byte[] Id, byte[] Local, byte[] Domain, long Began);

    private readonly RecipientLookup _lookup = new(context.Home, getpwUser is not null);
    private readonly WarmLocals _locals = new(context, getpwUser is not null, TimeProvider.System);
    private readonly PasswdFile _passwd = new();
    private readonly byte[] _getpw = Fd.PathBytes(context.In("bin/qmail-getpw"))[..^1];
    private readonly GetpwService _service = new(GetpwService.Program(context) with
    {
        Identity = getpwUser is null ? null : ProcessIdentity.Of(getpwUser),
    });

    private readonly List<Search> _searches = [];
    private readonly byte[] _answer = new byte[LookupResult.AnswerBytesMax + 1];
    private long _answered; // When qmail-getpw last answered.
    private readonly byte[] _packet = new byte[sizeof(uint) + DeliveryCommand.FieldBytesMax + 1];

    /// <summary>Runs until the other half closes its end.</summary>
    internal void Run()
    {
        Poller poller = new() { Watch = new Watchdog("qmail-lspawn") };
        try
        {
            while (Turn(poller))
            {
                _locals.Sweep();
            }
        }
        catch (PosixException)
        {
            // The other half ended in the middle of a question.
        }
    }

    private bool Turn(Poller poller)
    {
        Search[] searches = [.. _searches];
        poller.Clear();
        poller.Add(asked, read: true);
        Array.ForEach(searches, search => poller.Add(search.Answer, read: true));
        bool any = poller.Wait(searches.Length > 0 ? SearchPause : _locals.SweepWithin);
        for (int i = 0; i < searches.Length; i++)
        {
            Continue(searches[i], any && poller.IsReady(1 + i));
        }

        return !any || !poller.IsReady(0) || ReadQuestion();
    }

    /// <returns>False at the end, or if the packet is not a question.</returns>
    private bool ReadQuestion()
    {
        int got = Fd.Read(asked, _packet);

        // A NUL would shift the fields after it.
        if (got <= LocalChannel.IdBytes || got == _packet.Length
            || _packet.AsSpan(LocalChannel.IdBytes, got - LocalChannel.IdBytes).Contains((byte)0))
        {
            return false;
        }

        Address address = new(_packet.AsSpan(LocalChannel.IdBytes..got));
        (byte[] local, byte[] domain) = (address.Local.ToArray(), address.Domain.ToArray());
        Search search = new(-1, _packet[..LocalChannel.IdBytes], local, domain, Began: 0);
        LookupResult found = _lookup.Find(local, domain);
        if (found != LookupResult.Nobody || getpwUser is null)
        {
            Answer(search, found);
            return true;
        }

        try
        {
            int answer = _service.Ask(local);
            _searches.Add(search with { Answer = answer, Began = Stopwatch.GetTimestamp() });
        }
        catch (PosixException)
        {
            Answer(search, LookupResult.Trouble(SpawnCode.CannotRunGetpw));
        }

        return true;
    }

    private void Continue(Search search, bool isAnswered)
    {
        if (!isAnswered && Stopwatch.GetElapsedTime(search.Began) < SearchTimeMax)
        {
            return;
        }

        LookupResult found = LookupResult.Trouble(SpawnCode.System);
        try
        {
            if (isAnswered)
            {
                _answered = Stopwatch.GetTimestamp();
                found = Confirm(search.Local, Fd.Read(search.Answer, _answer));
            }
            else if (_answered < search.Began)
            {
                _service.End(); // It hangs: the next question starts another.
            }
        }
        catch (PosixException)
        {
            // The socket or /etc/passwd cannot be read: later.
        }

        Fd.Close(search.Answer);
        _searches.Remove(search);
        Answer(search, found);
    }

    /// <summary>qmail-getpw alone does not decide a uid: /etc/passwd must confirm it. For our own
    /// qmail-getpw, the address must also belong to the user; a site's own program may have other
    /// rules.</summary>
    private LookupResult Confirm(byte[] local, int answerLength)
    {
        bool isForeign = OwnProgram.NameOf(context.Environment, _getpw) is null;
        LookupResult found = _lookup.Check(
            LookupResult.OfAnswer(_answer.AsSpan(0, answerLength), isForeign));
        return found.User is not { } user
            || (_passwd.Confirms(user.Name, user.Uid, user.Gid, user.Home)
                && (isForeign || user.Owns(local)))
                ? found : LookupResult.Trouble(SpawnCode.Unconfirmed);
    }

    private void Answer(Search search, LookupResult found)
    {
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(search.Id);
        RootReply reply = new(id, 0, (byte)found.Code);
        int socket = -1;
        if (found.User is { } user)
        {
            // These are qmail-local's eight arguments; the sender does not come from root.
            reply = _locals.Grant(user, id, out socket,
            [
                .. search.Id, .. user.Name, 0, .. user.Home, 0, .. search.Local, 0, .. user.Dash, 0,
                .. user.Ext, 0, .. search.Domain, 0, 0, .. user.Instructions ?? defaultDelivery, 0,
            ]);
        }

        FdPassing.Send(asked, reply.Format(), socket);
        Fd.Close(socket);
    }
}
