namespace Hearth.Bench.Hello;

public sealed record Greeting(string Name, string? Pad = null);

public sealed record Answer(string Hello);

/// <summary>Handler: Hearth.Bench.Hello::Hearth.Bench.Hello.Function::Handle</summary>
public sealed class Function
{
#pragma warning disable CA1822 // Lambda's shape of a handler is an instance method.
    public Answer Handle(Greeting greeting) => new(greeting.Name);
#pragma warning restore CA1822

    private static void Main() => Console.WriteLine("hello");
}
