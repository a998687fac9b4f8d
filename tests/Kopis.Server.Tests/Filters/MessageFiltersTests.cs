using System.Text;
using Kopis.Base;
using Kopis.Mail.Filtering;
using Kopis.Mail.Milter;
using Kopis.Mail.Smtp;
using Kopis.Server.Filters;
using Kopis.Testing;

namespace Kopis.Server.Tests.Filters;

/// <summary>Several filters of any make, asked in turn.</summary>
public sealed class MessageFiltersTests : IDisposable
{
    private static readonly FilterVerdict No =
        new(FilterDecision.Refuse, new SmtpAnswer("550 5.7.1 no"));

    private readonly List<string> _log = [];
    private readonly ManualTime _time = new();
    private readonly HeldBytes _message = new(new HeldRoom());

    public void Dispose() => _message.Dispose();

    [Fact]
    public async Task The_first_that_refuses_decides()
    {
        Fake first = new("inet:127.0.0.1:1");
        Fake second = new("inet:127.0.0.1:2") { Message = _ => No };
        Fake third = new("inet:127.0.0.1:3");

        Assert.Equal("550 no (#5.7.1)", (await Ask(first, second, third)).Refusal?.Line);
        Assert.Equal((1, 1, 0), (first.Asked, second.Asked, third.Asked));
    }

    [Fact]
    public async Task Each_sees_what_those_before_it_have_made()
    {
        Fake first = new("inet:127.0.0.1:1") { Message = _ => Adds("X", "1", "new@d") };
        Fake second = new("inet:127.0.0.1:2") { Message = _ => Adds("Y", "2", "last@d") };

        FilterOutcome outcome = await Ask(first, second);
        using MessageDraft draft = outcome.Draft!;

        Assert.Equal(["A: b\n", "A: b\nX: 1\n"], [.. first.Seen, .. second.Seen]);
        Assert.Equal("A: b\nX: 1\nY: 2\n\nhi\n", await Text(draft));
        Assert.Equal(
            "Fs@d\0Tr@d\0Tnew@d\0Tlast@d\0\0", Encoding.Latin1.GetString(outcome.Envelope));
    }

    [Theory]
    [InlineData("default=accept", null)]
    [InlineData("default=tempfail", "451")]
    [InlineData("", "451")]
    public async Task One_that_is_away_refuses_nobody_for_good(string words, string? reply)
    {
        Fake away = new($"inet:127.0.0.1:1 {words}")
        {
            Message = _ => throw new FilterAwayException("is not there"),
        };
        Fake second = new("inet:127.0.0.1:2");

        FilterOutcome outcome = await Ask(away, second);
        outcome.Draft?.Dispose();

        Assert.Equal(reply, outcome.Refusal?.Line[..3]);
        Assert.Equal(reply is null ? 1 : 0, second.Asked);
        Assert.Contains("is not there", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_discards_is_taken_and_goes_nowhere()
    {
        Fake discards = new("inet:127.0.0.1:1")
        {
            Message = _ => new FilterVerdict(FilterDecision.Discard),
        };
        Fake second = new("inet:127.0.0.1:2");

        FilterOutcome outcome = await Ask(discards, second);

        Assert.Equal((null, null, 0), (outcome.Refusal, outcome.Draft, second.Asked));
    }

    [Fact]
    public async Task One_that_accepts_early_is_asked_no_more_and_the_others_are()
    {
        Fake first = new("inet:127.0.0.1:1")
        {
            Sender = new FilterVerdict(FilterDecision.Accept),
        };
        Fake second = new("inet:127.0.0.1:2");
        await using MessageFilters filters = Of(first, second);

        Assert.Null(await filters.OnSenderAsync(CancellationToken.None));
        Assert.Null(await filters.OnRecipientAsync([1], CancellationToken.None));

        Assert.Equal((0, 1), (first.Recipients, second.Recipients));
    }

    [Fact]
    public async Task A_header_that_is_too_large_is_refused()
    {
        await _message.AppendAsync(new byte[EditableHeader.BytesMax + 1].Select(
            (_, i) => (byte)(i % 10 == 9 ? '\n' : i % 10 == 1 ? ':' : 'a')).ToArray());
        await using MessageFilters filters = Of(new Fake("inet:127.0.0.1:1"));

        FilterOutcome outcome = await filters.OnMessageAsync(_message, 0, "Fs\0Tr\0\0"u8.ToArray());

        Assert.StartsWith("554", outcome.Refusal?.Line, StringComparison.Ordinal);
    }

    private static FilterVerdict Adds(string name, string value, string recipient)
    {
        MessageChanges changes = new();
        changes.Add(FieldEdit.Make(
            FieldEditKind.Add, 0, Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value),
            hasBlank: false)!);
        changes.Add(new RecipientEdit(
            Encoding.Latin1.GetBytes(recipient), IsAdded: true, default));
        return new FilterVerdict(FilterDecision.Accept, null, changes);
    }

    private static async Task<string> Text(MessageDraft draft)
    {
        StringBuilder text = new();
        await draft.WriteAsync(block =>
        {
            text.Append(Encoding.Latin1.GetString(block.Span));
            return ValueTask.CompletedTask;
        });
        return text.ToString();
    }

    private MessageFilters Of(params IMessageFilter[] filters) => new(
        filters,
        new FilteredMail(
            "id", new MilterClient([], 'U', 0, [], []), [], []),
        _log.Add, new LogThrottle(_log.Add, _time), _time);

    private async Task<FilterOutcome> Ask(params IMessageFilter[] filters)
    {
        await _message.AppendAsync("Received: ours\nA: b\n\nhi\n"u8.ToArray());
        await using MessageFilters all = Of(filters);
        return await all.OnMessageAsync(_message, 15, "Fs@d\0Tr@d\0\0"u8.ToArray());
    }

    private sealed class Fake : IMessageFilter
    {
        internal Fake(string line) =>
            Rule = FilterRule.TryParse(Encoding.Latin1.GetBytes(line), out FilterRule? rule)
                ? rule : throw new ArgumentException(line);

        public FilterRule Rule { get; }

        internal FilterVerdict Sender { get; init; } = FilterVerdict.Continue;

        internal Func<MessageDraft, FilterVerdict> Message { get; init; } =
            static _ => FilterVerdict.Continue;

        internal int Recipients { get; private set; }

        internal int Asked { get; private set; }

        internal List<string> Seen { get; } = [];

        public ValueTask<FilterVerdict> OnSenderAsync(CancellationToken stop) =>
            ValueTask.FromResult(Sender);

        public ValueTask<FilterVerdict> OnRecipientAsync(byte[] address, CancellationToken stop)
        {
            Recipients++;
            return ValueTask.FromResult(FilterVerdict.Continue);
        }

        public ValueTask<FilterVerdict> OnMessageAsync(MessageDraft draft, CancellationToken stop)
        {
            Asked++;
            Seen.Add(string.Concat(draft.Header.Fields.Select(Encoding.Latin1.GetString)));
            return ValueTask.FromResult(Message(draft));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
