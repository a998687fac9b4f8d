using Kopis.Queue.Store.Messages;
using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>
/// A message with a long envelope, which stays on the disk. Memory holds the state of the
/// recipients, two bits each, from the first one whose state has changed. While a pass is open, it
/// also holds where in the envelope each portion begins.
/// </summary>
/// <remarks>The channel of a recipient is not known before its portion is read, so a channel counts
/// as open until a pass has found nothing there. Control files that are read again (SIGHUP) may
/// move recipients to the other channel. If both channels have found nothing and some recipients
/// are left, both begin again.</remarks>
internal sealed class LongMessage : QueuedMessage
{
    private const int ObjectBytes = 400; // The objects, and their places in the schedule.
    private const int RecipientBytesMin = 2; // T and NUL.
    private const int NotesInPage = 256;
    private const int PageBytes = NotesInPage * RecipientNote.Words * sizeof(uint);

    private readonly ILongEnvelopes _envelopes;
    private readonly byte[] _sender;
    private readonly bool _hasParameters;
    private readonly RecipientStates _states = new();
    private readonly HashSet<int> _delaysTold = [];
    private int _recipients;
    private bool _isCounted;
    private bool? _hasDsn;
    private bool _isLocalOver;
    private bool _isRemoteOver;
    private int _passes;
    private OpenedEnvelope? _opened;
    private Dictionary<int, uint[]>? _notes;

    /// <summary>Makes a message of which only the sender was read.</summary>
    internal LongMessage(ArrivedMessage arrived, ILongEnvelopes envelopes)
        : base(arrived.Number, arrived.BornSeconds)
    {
        _envelopes = envelopes;
        _sender = arrived.Envelope.Sender.ToArray();
        _hasParameters = arrived.HasParameters;
        _recipients = arrived.UnreadEnvelopeBytes / RecipientBytesMin; // An upper bound.
    }

    internal override ReadOnlySpan<byte> Sender => _sender;

    internal override bool IsLong => true;

    internal override long MemoryBytes => ObjectBytes + _sender.Length;

    internal override ParameterTable? Parameters => _hasParameters ? Opened().Parameters : null;

    internal override bool HasDsn =>
        _hasParameters && (_hasDsn ??= Opened().Parameters is { HasDsn: true });

    public override int Recipients => _recipients;

    public override int DoneCount => _states.DoneCount;

    internal override bool AllDone => _isCounted && DoneCount == _recipients;

    internal override ReadOnlyMemory<byte> Address(int index) =>
        Portion(index).Address(index % EnvelopePortion.RecipientsMax).ToArray();

    internal override DeliveryChannel Channel(int index) =>
        Portion(index).Channel(index % EnvelopePortion.RecipientsMax);

    internal override RecipientState State(int index) => _states[index];

    internal override bool MayBeOpen(DeliveryChannel channel) =>
        !AllDone && !(channel == DeliveryChannel.Local ? _isLocalOver : _isRemoteOver);

    internal override void SetState(int index, RecipientState state) => _states[index] = state;

    internal override void BeginPass() => _passes++;

    internal override bool Prepare()
    {
        bool isNew = _opened is null;
        Opened();
        return isNew;
    }

    internal override void RenewPass(DeliveryChannel channel) => _states.ForgetDeferrals();

    internal override bool EndPass(DeliveryChannel channel, bool isLeft)
    {
        _passes--;
        if (_passes == 0)
        {
            _envelopes.Close(this);
        }

        _states.ForgetDeferrals();
        (channel == DeliveryChannel.Local ? ref _isLocalOver : ref _isRemoteOver) = !isLeft;
        if (AllDone || !_isLocalOver || !_isRemoteOver)
        {
            return false;
        }

        _isLocalOver = _isRemoteOver = false;
        return true;
    }

    internal override RecipientNote Note(int index) =>
        _notes is { } pages && pages.TryGetValue(index / NotesInPage, out uint[]? page)
            ? RecipientNote.Read(page.AsSpan(index % NotesInPage * RecipientNote.Words))
            : default;

    internal override bool TrySetNote(int index, RecipientNote note, ReasonTexts texts)
    {
        _notes ??= [];
        if (!_notes.TryGetValue(index / NotesInPage, out uint[]? page))
        {
            if (!texts.TryTakePage(PageBytes))
            {
                return false;
            }

            page = new uint[NotesInPage * RecipientNote.Words];
            _notes.Add(index / NotesInPage, page);
        }

        note.Write(page.AsSpan(index % NotesInPage * RecipientNote.Words));
        return true;
    }

    internal override void FreeNotes(ReasonTexts texts)
    {
        texts.FreePages((long)PageBytes * (_notes?.Count ?? 0));
        _notes = null;
    }

    internal override bool BeginVisit()
    {
        bool isNew = Prepare();
        _passes++;
        return isNew;
    }

    internal override void EndVisit()
    {
        _passes--;
        if (_passes == 0)
        {
            _envelopes.Close(this);
        }
    }

    /// <summary>Frees what another pass can read again.</summary>
    internal void Drop()
    {
        if (_passes == 0)
        {
            _opened = null;
        }
    }

    private EnvelopePortion Portion(int index) =>
        _envelopes.Portion(this, Opened(), index / EnvelopePortion.RecipientsMax);

    private OpenedEnvelope Opened()
    {
        if (_opened is null)
        {
            _opened = _envelopes.Open(this, _delaysTold);
            _recipients = _opened.Recipients;
            _isCounted = true;
        }

        return _opened;
    }
}
